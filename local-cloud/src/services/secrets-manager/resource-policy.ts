import { AwsError } from '../../core/errors.ts';
import { validatePolicy } from '../../core/iam/compiled-policy.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { MAX_POLICY_LENGTH } from './limits.ts';

/**
 * A policy for a secret, from text or from a template's object.
 * @throws AwsError `MalformedPolicyDocumentException`, `PublicPolicyException` when `blockPublic` is set and it grants broad access
 */
export function readResourcePolicy(source: unknown, blockPublic: boolean): PolicyDocument {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  if (text === undefined || text.length === 0 || text.length > MAX_POLICY_LENGTH) {
    throw new AwsError('InvalidParameterException', `ResourcePolicy must have 1 to ${MAX_POLICY_LENGTH} characters.`);
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw malformed('This resource policy contains invalid Json.', cause);
  }
  try {
    validatePolicy(document, 'resource');
  } catch (cause) {
    throw malformed(cause instanceof AwsError ? cause.message : 'This resource policy is malformed.', cause);
  }
  if (blockPublic && isPublic(document)) {
    throw new AwsError(
      'PublicPolicyException',
      'You set BlockPublicPolicy to true, and the resource policy grants broad access to the secret.',
    );
  }
  return document;
}

/** Broad access: an unconditional allow for everybody. */
function isPublic(document: PolicyDocument): boolean {
  const statements = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return statements.some((statement) => {
    if (statement.Effect !== 'Allow' || statement.Condition !== undefined) return false;
    if (statement.NotPrincipal !== undefined) return true;
    const { Principal: principal } = statement;
    if (principal === '*') return true;
    return [principal?.AWS ?? []].flat().includes('*');
  });
}

function malformed(message: string, cause: unknown): AwsError {
  return new AwsError('MalformedPolicyDocumentException', message, 400, { cause });
}
