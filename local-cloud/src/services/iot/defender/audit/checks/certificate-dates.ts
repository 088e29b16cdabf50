import type { NonCompliantResource } from '@aws-sdk/client-iot';
import { DAY, DEFAULT_AGE_THRESHOLD, DEFAULT_EXPIRATION_THRESHOLD } from '../../limits.ts';
import type { AuditCheck, CheckFinding } from './audit-check.ts';
import {
  activeCaCertificates,
  activeDeviceCertificates,
  caCertificate,
  deviceCertificate,
} from './certificate-listing.ts';

/** `audit-chk-device-cert-approaching-expiration` */
export const deviceCertificateExpiring: AuditCheck = async (auditor) => {
  const days = auditor.days('DEVICE_CERTIFICATE_EXPIRING_CHECK', DEFAULT_EXPIRATION_THRESHOLD);
  const findings: CheckFinding[] = [];
  let totalResources = 0;
  for await (const { certificateId, validity } of activeDeviceCertificates(auditor)) {
    totalResources += 1;
    const finding = expiryFinding(validity?.notAfter, auditor.startTime, days, (info) =>
      deviceCertificate(certificateId, info),
    );
    if (finding !== undefined) findings.push(finding);
  }
  return { totalResources, findings };
};

/** `audit-chk-ca-cert-approaching-expiration` */
export const caCertificateExpiring: AuditCheck = async (auditor) => {
  const findings: CheckFinding[] = [];
  let totalResources = 0;
  for await (const { certificateId, validity } of activeCaCertificates(auditor)) {
    totalResources += 1;
    const finding = expiryFinding(validity?.notAfter, auditor.startTime, DEFAULT_EXPIRATION_THRESHOLD, (info) =>
      caCertificate(certificateId, info),
    );
    if (finding !== undefined) findings.push(finding);
  }
  return { totalResources, findings };
};

/** `device-certificate-age-check`: "active for a number of days greater than or equal to the number you specify". */
export const deviceCertificateAge: AuditCheck = async (auditor) => {
  const days = auditor.days('DEVICE_CERTIFICATE_AGE_CHECK', DEFAULT_AGE_THRESHOLD);
  const findings: CheckFinding[] = [];
  let totalResources = 0;
  for await (const { certificateId, creationDate } of activeDeviceCertificates(auditor)) {
    totalResources += 1;
    const created = creationDate?.getTime();
    if (created === undefined || auditor.startTime - created < days * DAY) continue;
    findings.push({
      resource: deviceCertificate(certificateId, { CREATION_TIME: String(created) }),
      reasonCode: 'CERTIFICATE_PAST_AGE_THRESHOLD',
      reason: `Certificate has been active for ${days} days or more.`,
    });
  }
  return { totalResources, findings };
};

function expiryFinding(
  notAfter: Date | undefined,
  now: number,
  days: number,
  resource: (info: Record<string, string>) => NonCompliantResource,
): CheckFinding | undefined {
  if (notAfter === undefined) return undefined;
  const left = notAfter.getTime() - now;
  if (left > days * DAY) return undefined;
  const past = left <= 0;
  return {
    resource: resource({ EXPIRATION_TIME: String(notAfter.getTime()) }),
    reasonCode: past ? 'CERTIFICATE_PAST_EXPIRATION' : 'CERTIFICATE_APPROACHING_EXPIRATION',
    reason: past ? 'Certificate is past its expiration.' : 'Certificate is approaching its expiration.',
  };
}
