import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import {
  JOB_ID_PATTERN,
  MAX_COMMENT_LENGTH,
  MAX_DESCRIPTION_LENGTH,
  MAX_JOB_ID_LENGTH,
  MAX_REASON_CODE_LENGTH,
  REASON_CODE_EXPRESSION,
  REASON_CODE_PATTERN,
  TEXT_PATTERN,
} from './limits.ts';

const CODE = 'InvalidRequestException';

/** @throws AwsError InvalidRequestException */
export function requireJobId(jobId: string | undefined, path = 'jobId'): asserts jobId is string {
  new ConstraintViolations()
    .required(path, jobId)
    .length(path, jobId, 1, MAX_JOB_ID_LENGTH)
    .pattern(path, jobId, JOB_ID_PATTERN)
    .throwIfAny(CODE);
}

/** @throws AwsError InvalidRequestException */
export function checkDescription(description: string | undefined): void {
  new ConstraintViolations()
    .length('description', description, 0, MAX_DESCRIPTION_LENGTH)
    .pattern('description', description, TEXT_PATTERN)
    .throwIfAny(CODE);
}

/** @throws AwsError InvalidRequestException */
export function checkComment(comment: string | undefined): void {
  new ConstraintViolations()
    .length('comment', comment, 0, MAX_COMMENT_LENGTH)
    .pattern('comment', comment, TEXT_PATTERN)
    .throwIfAny(CODE);
}

/** @throws AwsError InvalidRequestException */
export function checkReasonCode(reasonCode: string | undefined): void {
  new ConstraintViolations().length('reasonCode', reasonCode, 0, MAX_REASON_CODE_LENGTH).throwIfAny(CODE);
  if (reasonCode !== undefined && !REASON_CODE_EXPRESSION.test(reasonCode)) {
    throw invalidRequest(
      `1 validation error detected: Value '${reasonCode}' at 'reasonCode' failed to satisfy constraint: Member must satisfy regular expression pattern: ${REASON_CODE_PATTERN}`,
    );
  }
}

/** Jobs of AWS IoT Greengrass, which alone has namespaces, notify on other topics. */
export function refuseNamespace(namespaceId: string | undefined, operation: string): void {
  if (namespaceId !== undefined) throw new NotImplementedError(`namespaceId of ${operation}`);
}
