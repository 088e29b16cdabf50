import type {
  DescribeSigningJobResponse,
  GetSigningProfileResponse,
  SigningJob,
  SigningProfile,
} from '@aws-sdk/client-signer';
import { requirePlatform } from './platforms.ts';
import type { JobRecord, ProfileRecord } from './records.ts';

export function profileView(profile: ProfileRecord): SigningProfile {
  return {
    profileName: profile.name,
    profileVersion: profile.version,
    profileVersionArn: `${profile.arn}/${profile.version}`,
    signingMaterial: { certificateArn: profile.certificateArn },
    signatureValidityPeriod: { ...profile.validity },
    platformId: profile.platformId,
    platformDisplayName: requirePlatform(profile.platformId).displayName,
    signingParameters: { ...profile.parameters },
    status: profile.status,
    arn: profile.arn,
    tags: { ...profile.tags },
  };
}

export function profileDetail(profile: ProfileRecord): GetSigningProfileResponse {
  const { revocation } = profile;
  return {
    ...profileView(profile),
    ...(profile.overrides
      ? {
          overrides: {
            signingConfiguration: { encryptionAlgorithm: 'ECDSA' as const, hashAlgorithm: 'SHA256' as const },
            signingImageFormat: requirePlatform(profile.platformId).format,
          },
        }
      : {}),
    ...(revocation === undefined
      ? {}
      : {
          revocationRecord: {
            revocationEffectiveFrom: new Date(revocation.effectiveFrom),
            revokedAt: new Date(revocation.at),
            revokedBy: revocation.by,
          },
        }),
  };
}

export function jobView(job: JobRecord, accountId: string): SigningJob {
  return {
    jobId: job.id,
    source: { s3: { ...job.source } },
    ...(job.signedKey === undefined
      ? {}
      : { signedObject: { s3: { bucketName: job.destination.bucketName, key: job.signedKey } } }),
    signingMaterial: { certificateArn: job.certificateArn },
    createdAt: new Date(job.createdAt),
    status: job.status,
    isRevoked: job.revocation !== undefined,
    profileName: job.profileName,
    profileVersion: job.profileVersion,
    platformId: job.platformId,
    platformDisplayName: requirePlatform(job.platformId).displayName,
    signatureExpiresAt: new Date(job.expiresAt),
    jobOwner: accountId,
    jobInvoker: accountId,
  };
}

export function jobDetail(job: JobRecord, accountId: string): DescribeSigningJobResponse {
  const { isRevoked: _isRevoked, ...view } = jobView(job, accountId);
  const { revocation } = job;
  return {
    ...view,
    signingParameters: { ...job.parameters },
    ...(job.completedAt === undefined ? {} : { completedAt: new Date(job.completedAt) }),
    requestedBy: job.requestedBy,
    statusReason: job.statusReason,
    ...(revocation === undefined
      ? {}
      : {
          revocationRecord: {
            reason: revocation.reason,
            revokedAt: new Date(revocation.at),
            revokedBy: revocation.by,
          },
        }),
  };
}
