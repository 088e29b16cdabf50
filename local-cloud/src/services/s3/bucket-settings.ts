import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { malformedXml } from './errors.ts';

/** Settings of buckets, read from requests and templates alike: what S3 does anyway is taken, other choices are refused by name. */

type Loose = Readonly<Record<string, unknown>>;

/** Every object is encrypted with SSE-S3 on AWS; here the setting is recorded by that default alone. */
export function checkEncryption(rules: readonly Loose[] | undefined): void {
  if (rules === undefined || rules.length !== 1) throw malformedXml();
  for (const rule of rules) {
    const byDefault = (rule.ApplyServerSideEncryptionByDefault ?? rule.ServerSideEncryptionByDefault ?? {}) as Loose;
    if (byDefault.SSEAlgorithm !== 'AES256') {
      throw new NotImplementedError(`S3 bucket encryption '${byDefault.SSEAlgorithm}'`);
    }
    if (byDefault.KMSMasterKeyID !== undefined) {
      throw new AwsError(
        'InvalidArgument',
        'a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms or aws:kms:dsse',
      );
    }
    if (rule.BlockedEncryptionTypes !== undefined) throw new NotImplementedError('S3 BlockedEncryptionTypes');
  }
}

export function checkOwnership(rules: readonly Loose[] | undefined): void {
  if (rules === undefined || rules.length !== 1) throw malformedXml();
  const [rule] = rules;
  if (rule?.ObjectOwnership !== 'BucketOwnerEnforced') {
    throw new NotImplementedError(`S3 ObjectOwnership '${rule?.ObjectOwnership}'`);
  }
}

export function readVersioning(configuration: Loose | undefined): 'Enabled' | 'Suspended' {
  const { Status: status, MFADelete: mfa, MfaDelete: mfaDelete } = configuration ?? {};
  if (mfa === 'Enabled' || mfaDelete === 'Enabled') throw new NotImplementedError('S3 MFA delete');
  if (status !== 'Enabled' && status !== 'Suspended') throw malformedXml();
  return status;
}

export function readPublicAccessBlock(configuration: Loose | undefined) {
  const on = (member: string) => String(configuration?.[member] ?? false) === 'true';
  return {
    blockPublicAcls: on('BlockPublicAcls'),
    ignorePublicAcls: on('IgnorePublicAcls'),
    blockPublicPolicy: on('BlockPublicPolicy'),
    restrictPublicBuckets: on('RestrictPublicBuckets'),
  };
}
