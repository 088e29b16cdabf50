import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import { KEPT_VERSION_AGE_MS, KEPT_VERSIONS } from './limits.ts';
import type { SecretRecord, VersionRecord } from './secret-record.ts';
import type { Secrets } from './secrets.ts';

export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';

export type SecretValue =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'binary'; readonly bytes: Uint8Array };

/**
 * Adds a version and moves the labels to it ("PutSecretValue"): the first version becomes AWSCURRENT whatever was asked
 * for, and the version that loses AWSCURRENT becomes AWSPREVIOUS. The same token with the same value changes nothing.
 * @throws AwsError `ResourceExistsException` for the same token with another value
 */
export function addVersion(
  secrets: Secrets,
  secret: SecretRecord,
  value: SecretValue,
  options: { token?: string | undefined; stages?: readonly string[] | undefined } = {},
): VersionRecord {
  const id = options.token ?? uuid(secrets.context.entropy);
  const known = secret.versions.find((version) => version.id === id);
  if (known !== undefined) {
    if (isSame(secrets, secret, known, value)) return known;
    throw tokenInUse(secret, id);
  }
  const bytes = value.kind === 'text' ? Buffer.from(value.text) : value.bytes;
  const version: VersionRecord = {
    id,
    createdDate: secrets.context.clock.now(),
    stages: [],
    kind: value.kind,
    sealed: secrets.vault.seal(bytes, placeOf(secret, id)),
  };
  const stages = new Set(options.stages ?? [CURRENT]);
  if (secret.versions.length === 0) stages.add(CURRENT);
  secret.versions.push(version);
  for (const stage of stages) moveStage(secret, stage, version);
  dropOutdated(secret, version.createdDate);
  return version;
}

export function tokenInUse(secret: SecretRecord, token: string): AwsError {
  return new AwsError(
    'ResourceExistsException',
    `You can't use ClientRequestToken ${token} because that value is already in use for a version of secret ${secret.arn}.`,
  );
}

/** Takes a label from whichever version has it and puts it on `to`, or on none. */
export function moveStage(secret: SecretRecord, stage: string, to: VersionRecord | undefined): void {
  const from = secret.versions.find((version) => version.stages.includes(stage));
  if (from === to) return;
  if (from !== undefined) from.stages = from.stages.filter((one) => one !== stage);
  to?.stages.push(stage);
  if (stage === CURRENT && from !== undefined) moveStage(secret, PREVIOUS, from);
}

export function openValue(secrets: Secrets, secret: SecretRecord, version: VersionRecord): SecretValue {
  const bytes = secrets.vault.open(version.sealed, placeOf(secret, version.id));
  return version.kind === 'text' ? { kind: 'text', text: bytes.toString() } : { kind: 'binary', bytes };
}

/** @throws AwsError `ResourceNotFoundException`, `InvalidRequestException` when id and label name different versions */
export function requireVersion(
  secret: SecretRecord,
  wanted: { id?: string | undefined; stage?: string | undefined },
): VersionRecord {
  const { id, stage } = wanted;
  const version = secret.versions.find((one) =>
    id === undefined ? one.stages.includes(stage ?? CURRENT) : one.id === id,
  );
  if (version === undefined) {
    const what = id === undefined ? `staging label: ${stage ?? CURRENT}` : `VersionId: ${id}`;
    throw new AwsError(
      'ResourceNotFoundException',
      `Secrets Manager can't find the specified secret value for ${what}`,
    );
  }
  if (id !== undefined && stage !== undefined && !version.stages.includes(stage)) {
    throw new AwsError(
      'InvalidRequestException',
      'You provided a VersionStage that is not associated to the provided VersionId.',
    );
  }
  return version;
}

/** Version ids with their labels, as DescribeSecret lists them: without deprecated versions. */
export function stagesByVersion(secret: SecretRecord): Record<string, string[]> {
  return Object.fromEntries(
    secret.versions.filter((version) => version.stages.length > 0).map((version) => [version.id, [...version.stages]]),
  );
}

function isSame(secrets: Secrets, secret: SecretRecord, version: VersionRecord, value: SecretValue): boolean {
  if (version.kind !== value.kind) return false;
  const kept = openValue(secrets, secret, version);
  if (kept.kind === 'text') return value.kind === 'text' && kept.text === value.text;
  return value.kind !== 'text' && Buffer.compare(kept.bytes, value.bytes) === 0;
}

/** Versions without labels beyond the kept number, unless they are younger than a day. */
function dropOutdated(secret: SecretRecord, now: number): void {
  let excess = secret.versions.length - KEPT_VERSIONS;
  if (excess <= 0) return;
  secret.versions = secret.versions.filter((version) => {
    const outdated = excess > 0 && version.stages.length === 0 && version.createdDate < now - KEPT_VERSION_AGE_MS;
    if (outdated) excess--;
    return !outdated;
  });
}

function placeOf(secret: SecretRecord, versionId: string): string {
  return `${secret.arn}#${versionId}`;
}
