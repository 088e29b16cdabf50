import type { PutSigningProfileRequest, SigningPlatformOverrides } from '@aws-sdk/client-signer';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import type { ImportedCertificate } from '../../core/imported-certificates.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { validation } from './errors.ts';
import { MAX_PROFILE_NAME, MAX_VALIDITY_MONTHS, MIN_PROFILE_NAME, PROFILE_NAME_PATTERN } from './limits.ts';
import { type Platform, requirePlatform } from './platforms.ts';
import type { ProfileRecord } from './records.ts';
import type { SignerState } from './signer-state.ts';
import { withTags } from './tags.ts';

/**
 * "Creates a signing profile." A name, once used, stays taken, also by a profile that was cancelled.
 * @throws AwsError ValidationException, ResourceNotFoundException
 */
export function putProfile(state: SignerState, input: PutSigningProfileRequest): ProfileRecord {
  const { profileName: name } = input;
  new ConstraintViolations()
    .required('profileName', name)
    .length('profileName', name, MIN_PROFILE_NAME, MAX_PROFILE_NAME)
    .pattern('profileName', name, PROFILE_NAME_PATTERN)
    .required('platformId', input.platformId)
    .throwIfAny();
  const platform = requirePlatform(input.platformId);
  const certificateArn = input.signingMaterial?.certificateArn;
  if (certificateArn === undefined)
    throw validation(`Signing material is required for platform ${platform.platformId}.`);
  requireSigningCertificate(state.context, certificateArn);
  checkOverrides(platform, input.overrides);
  if (state.findProfile(name as string) !== undefined) {
    throw validation(`A signing profile with the name ${name} already exists.`);
  }
  const profile: ProfileRecord = {
    name: name as string,
    arn: state.profileArn(name as string),
    version: state.newVersion(),
    platformId: platform.platformId,
    certificateArn,
    validity: readValidity(input.signatureValidityPeriod),
    overrides: input.overrides !== undefined,
    parameters: { ...input.signingParameters },
    status: 'Active',
    tags: withTags({}, input.tags),
  };
  state.saveProfile(profile);
  return profile;
}

/**
 * The certificate that ECDSA platforms sign with: P-256, and for signing code where it says what it is for (developer
 * guide, "Obtain and import a code-signing certificate").
 *
 * @throws AwsError ValidationException
 */
export function requireSigningCertificate(context: CloudContext, certificateArn: string): ImportedCertificate {
  const found = context.ports.find('importedCertificates')?.find(certificateArn);
  if (found === undefined) throw validation(`Certificate ${certificateArn} not found.`);
  if (found.privateKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
    throw validation(`Certificate ${certificateArn} has no ECDSA P-256 key, which the platform signs with.`);
  }
  const now = context.clock.now();
  if (now < found.notBefore || now > found.notAfter) throw validation(`Certificate ${certificateArn} is expired.`);
  return found;
}

/** @throws AwsError ValidationException for what the platform does not allow */
function checkOverrides(platform: Platform, overrides: SigningPlatformOverrides | undefined): void {
  const { encryptionAlgorithm, hashAlgorithm } = overrides?.signingConfiguration ?? {};
  new ConstraintViolations()
    .oneOf('overrides.signingConfiguration.encryptionAlgorithm', encryptionAlgorithm, ['ECDSA'])
    .oneOf('overrides.signingConfiguration.hashAlgorithm', hashAlgorithm, ['SHA256'])
    .oneOf('overrides.signingImageFormat', overrides?.signingImageFormat, [platform.format])
    .throwIfAny();
}

function readValidity(period: PutSigningProfileRequest['signatureValidityPeriod']): ProfileRecord['validity'] {
  const { value = MAX_VALIDITY_MONTHS, type = 'MONTHS' } = period ?? {};
  new ConstraintViolations().oneOf('signatureValidityPeriod.type', type, ['DAYS', 'MONTHS', 'YEARS']).throwIfAny();
  const months = type === 'YEARS' ? value * 12 : type === 'MONTHS' ? value : (value * 12) / 365.25;
  if (!Number.isInteger(value) || value < 1 || months > MAX_VALIDITY_MONTHS) {
    throw validation(
      `The signature validity period of ${value} ${type} is not between 1 day and ${MAX_VALIDITY_MONTHS} months.`,
    );
  }
  return { value, type };
}

/** When signatures made at `now` end, in ms since the epoch. */
export function endOfValidity({ value, type }: ProfileRecord['validity'], now: number): number {
  const date = new Date(now);
  if (type === 'DAYS') date.setUTCDate(date.getUTCDate() + value);
  else date.setUTCMonth(date.getUTCMonth() + (type === 'YEARS' ? 12 * value : value));
  return date.getTime();
}
