import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { validation } from './errors.ts';
import type { KeyRecord } from './key-record.ts';
import { algorithmsOf } from './key-specs.ts';

/** @throws AwsError InvalidKeyUsageException */
export function checkUsage(key: KeyRecord, usage: KeyRecord['usage'], operation: string): void {
  if (key.usage === usage) return;
  throw invalidUsage(`${key.arn} key usage is ${key.usage} which is not valid for ${operation}.`);
}

/** The algorithm that a request names, which the key must take. @throws AwsError InvalidKeyUsageException */
export function checkAlgorithm(key: KeyRecord, algorithm: string): void {
  if (algorithmsOf(key.spec, key.usage).includes(algorithm)) return;
  throw invalidUsage(`Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
}

/** @throws AwsError InvalidKeyUsageException for a key that does not encrypt symmetrically */
export function checkSymmetric(key: KeyRecord, operation: string): void {
  checkUsage(key, 'ENCRYPT_DECRYPT', operation);
  if (key.spec !== 'SYMMETRIC_DEFAULT')
    throw invalidUsage(`${key.arn} key spec is ${key.spec} which is not valid for ${operation}.`);
}

interface CommonInput {
  readonly GrantTokens?: readonly string[] | undefined;
  readonly DryRun?: boolean | undefined;
  readonly DryRunModifiers?: readonly string[] | undefined;
  readonly Recipient?: unknown;
}

/** @throws NotImplementedError for grants and enclaves */
export function refuseUnbuilt({
  GrantTokens: tokens,
  Recipient: recipient,
  DryRunModifiers: modifiers,
}: CommonInput): void {
  if (tokens !== undefined && tokens.length > 0) throw new NotImplementedError('GrantTokens');
  if (recipient !== undefined) throw new NotImplementedError('Recipient (an AWS Nitro enclave)');
  if (modifiers !== undefined && modifiers.length > 0) throw new NotImplementedError('DryRunModifiers');
}

/** Ends a dry run that would have succeeded. @throws AwsError DryRunOperationException */
export function endDryRun({ DryRun: dryRun }: CommonInput): void {
  if (dryRun !== true) return;
  throw new AwsError(
    'DryRunOperationException',
    'The request would have succeeded, but the DryRun option is set.',
    412,
  );
}

/** @throws AwsError ValidationException */
export function requireBytes(path: string, bytes: Uint8Array | undefined, most: number): Uint8Array {
  if (bytes === undefined)
    throw validation(
      `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`,
    );
  if (bytes.length >= 1 && bytes.length <= most) return bytes;
  const bound = bytes.length < 1 ? 'greater than or equal to 1' : `less than or equal to ${most}`;
  throw validation(
    `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must have length ${bound}`,
  );
}

function invalidUsage(message: string): AwsError {
  return new AwsError('InvalidKeyUsageException', message);
}
