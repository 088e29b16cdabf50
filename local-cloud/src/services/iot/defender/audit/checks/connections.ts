import type { RelatedResource } from '@aws-sdk/client-iot';
import { CONNECTION_HISTORY, SHARED_CERTIFICATE_LAG } from '../../limits.ts';
import type { AuditCheck, Auditor } from './audit-check.ts';
import { deviceCertificate } from './certificate-listing.ts';

const CERTIFICATE_ID = /^[0-9a-f]{64}$/;

/** On-demand audits look back 31 days, scheduled ones to their run before. */
function periodStart({ startTime, previousRun }: Auditor): number {
  return Math.max(previousRun ?? 0, startTime - CONNECTION_HISTORY);
}

/** `audit-chk-conflicting-client-ids` */
export const conflictingClientIds: AuditCheck = async (auditor) => {
  const conflicts = auditor.history.conflicts(periodStart(auditor), auditor.startTime);
  const findings = [...conflicts].map(([clientId, ended]) => ({
    resource: { resourceType: 'CLIENT_ID', resourceIdentifier: { clientId } } as const,
    relatedResources: ended.map(({ principalId, disconnectedAt }): RelatedResource => {
      const additionalInfo = { DISCONNECTION_TIME: String(disconnectedAt) };
      // Other identities than certificates are named, for there is no type of resource for them.
      return CERTIFICATE_ID.test(principalId)
        ? deviceCertificate(principalId, additionalInfo)
        : {
            resourceType: 'CLIENT_ID',
            resourceIdentifier: { clientId },
            additionalInfo: { ...additionalInfo, PRINCIPAL_ID: principalId },
          };
    }),
    reasonCode: 'DUPLICATE_CLIENT_ID_ACROSS_CONNECTIONS',
    reason: 'Multiple connections were made using the same client ID.',
  }));
  return { totalResources: conflicts.size, findings };
};

/**
 * `audit-chk-device-cert-shared`: "from 2 hours before the last time the audit was run to 2 hours before the time this
 * instance of the audit started".
 */
export const deviceCertificateShared: AuditCheck = async (auditor) => {
  const lag = SHARED_CERTIFICATE_LAG;
  const from = auditor.previousRun === undefined ? periodStart(auditor) : periodStart(auditor) - lag;
  const shared = auditor.history.sharedUses(from, auditor.startTime - lag);
  const findings = [...shared]
    .filter(([, uses]) => new Set(uses.map(({ clientId }) => clientId)).size > 1)
    .map(([certificateId, uses]) => ({
      resource: deviceCertificate(certificateId),
      relatedResources: uses.map(
        ({ clientId, connectedAt, disconnectedAt }): RelatedResource => ({
          resourceType: 'CLIENT_ID',
          resourceIdentifier: { clientId },
          additionalInfo: {
            CONNECTION_TIME: String(connectedAt),
            ...(disconnectedAt === undefined ? {} : { DISCONNECTION_TIME: String(disconnectedAt) }),
          },
        }),
      ),
      reasonCode: 'CERTIFICATE_SHARED_BY_MULTIPLE_DEVICES',
      reason: 'Multiple, concurrent connections use the same X.509 certificate.',
    }));
  return { totalResources: shared.size, findings };
};
