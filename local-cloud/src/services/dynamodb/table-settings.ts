import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { Json } from './engine.ts';
import { MAX_RECOVERY_DAYS, MAX_TAGS } from './limits.ts';

/** Settings of a table that its record keeps, read from requests and templates alike. Every other choice is refused by name. */

/** @returns whether encryption by the AWS managed key is asked for */
export function readEncryption(specification: unknown): boolean {
  const { SSEEnabled: enabled, SSEType: type, KMSMasterKeyId: key } = (specification ?? {}) as Json;
  if (key !== undefined)
    throw new NotImplementedError(`SSESpecification KMSMasterKeyId '${key}' (a customer managed key)`);
  if (type !== undefined && type !== 'KMS') {
    throw new AwsError(
      'ValidationException',
      `One or more parameter values were invalid: SSEType ${type} is not supported`,
    );
  }
  return isTrue(enabled);
}

export function readTableClass(tableClass: unknown): void {
  if (tableClass !== undefined && tableClass !== 'STANDARD')
    throw new NotImplementedError(`TableClass '${tableClass}'`);
}

export function readStream(specification: unknown): void {
  if (
    isTrue((specification as Json | undefined)?.StreamEnabled) ||
    (specification as Json | undefined)?.StreamViewType !== undefined
  ) {
    throw new NotImplementedError('StreamSpecification (DynamoDB Streams)');
  }
}

/** @returns the recovery period in days, or undefined when recovery is off */
export function readRecovery(specification: unknown): number | undefined {
  const { PointInTimeRecoveryEnabled: enabled, RecoveryPeriodInDays: days } = (specification ?? {}) as Json;
  if (!isTrue(enabled)) return undefined;
  const period = days === undefined ? MAX_RECOVERY_DAYS : Number(days);
  if (!Number.isInteger(period) || period < 1 || period > MAX_RECOVERY_DAYS) {
    throw new AwsError(
      'ValidationException',
      `One or more parameter values were invalid: RecoveryPeriodInDays must be between 1 and ${MAX_RECOVERY_DAYS}`,
    );
  }
  return period;
}

export function readTags(tags: unknown): Record<string, string> {
  const read: Record<string, string> = {};
  for (const { Key, Value } of (tags ?? []) as { Key?: string; Value?: string }[]) {
    if (Key === undefined || Key.length < 1 || Key.length > 128 || (Value ?? '').length > 256) {
      throw new AwsError('ValidationException', `One or more parameter values were invalid: tag '${Key ?? ''}'`);
    }
    if (Key.toLowerCase().startsWith('aws:')) {
      throw new AwsError('ValidationException', `One or more parameter values were invalid: reserved tag key '${Key}'`);
    }
    if (Object.hasOwn(read, Key)) {
      throw new AwsError(
        'ValidationException',
        `One or more parameter values were invalid: duplicate tag key '${Key}'`,
      );
    }
    read[Key] = Value ?? '';
  }
  checkTagCount(read);
  return read;
}

export function checkTagCount(tags: Readonly<Record<string, string>>): void {
  if (Object.keys(tags).length > MAX_TAGS) {
    throw new AwsError('ValidationException', `One or more parameter values were invalid: more than ${MAX_TAGS} tags`);
  }
}

export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}
