import { AwsError } from '../../core/errors.ts';
import { validatePolicy } from '../../core/iam/compiled-policy.ts';
import type { PolicyDocument, PolicyStatement } from '../../core/iam/policy-document.ts';
import { bucketArn } from './bucket-arn.ts';
import type { BucketRecord } from './bucket-record.ts';
import { MAX_POLICY_BYTES } from './limits.ts';

/** Conditions that pin a statement to known callers ("The meaning of 'public'"). */
const PINNING = new Set([
  'aws:principalorgid',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:sourceaccount',
  'aws:sourcearn',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:userid',
]);

/**
 * A policy for a bucket, from text or from a template's object.
 * @throws AwsError `MalformedPolicy`, `AccessDenied` when it is public and the bucket blocks public policies
 */
export function readBucketPolicy(source: unknown, record: BucketRecord): PolicyDocument {
  const text = typeof source === 'string' ? source : JSON.stringify(source);
  let document: unknown;
  try {
    document = JSON.parse(text ?? '');
  } catch (cause) {
    throw malformed("Policies must be valid JSON and the first byte must be '{'", cause);
  }
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES)
    throw malformed('Policy document exceeds the maximum allowed size of 20 KB');
  try {
    validatePolicy(document, 'resource');
  } catch (cause) {
    throw malformed(cause instanceof AwsError ? cause.message : 'Invalid policy', cause);
  }
  for (const statement of statementsOf(document)) checkResources(statement, record.name);
  if (record.publicAccessBlock?.blockPublicPolicy === true && isPublicPolicy(document)) {
    throw new AwsError(
      'AccessDenied',
      'User is not authorized to perform: s3:PutBucketPolicy because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access',
      403,
    );
  }
  return document;
}

/** Whether a policy lets everybody do something. */
export function isPublicPolicy(document: PolicyDocument): boolean {
  return statementsOf(document).some((statement) => {
    if (statement.Effect !== 'Allow') return false;
    const principal = statement.Principal;
    const everybody =
      statement.NotPrincipal !== undefined ||
      principal === '*' ||
      (typeof principal === 'object' && [principal.AWS ?? []].flat().includes('*'));
    return everybody && !isPinned(statement);
  });
}

function isPinned({ Condition: condition }: PolicyStatement): boolean {
  return Object.values(condition ?? {}).some((keys) =>
    Object.entries(keys).some(
      ([key, values]) =>
        PINNING.has(key.toLowerCase()) && ![values].flat().some((value) => /^[*]*$|\/0$/.test(String(value))),
    ),
  );
}

/** Every resource must be the bucket or its objects. */
function checkResources(statement: PolicyStatement, bucket: string): void {
  const arn = bucketArn(bucket);
  for (const resource of [statement.Resource ?? statement.NotResource ?? []].flat()) {
    const [, pattern = ''] = resource.split(':::');
    const [named = ''] = pattern.split('/');
    const matcher = new RegExp(
      `^${named
        .replace(/[.+^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*')
        .replaceAll('?', '.')}$`,
    );
    if (resource !== '*' && (!resource.startsWith('arn:aws:s3:::') || !matcher.test(bucket))) {
      throw malformed(`Policy has invalid resource: ${resource} is not ${arn} or below it`);
    }
  }
}

function statementsOf(document: PolicyDocument): PolicyStatement[] {
  return Array.isArray(document.Statement) ? document.Statement : [document.Statement];
}

function malformed(message: string, cause?: unknown): AwsError {
  return new AwsError('MalformedPolicy', message, 400, { cause });
}
