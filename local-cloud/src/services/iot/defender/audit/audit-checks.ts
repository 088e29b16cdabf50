import type { AuditFindingSeverity, ConfigName, ResourceIdentifier } from '@aws-sdk/client-iot';
import { invalidRequest } from '../../errors.ts';

type IdentifierMember = keyof ResourceIdentifier;

export interface CheckTraits {
  readonly severity: AuditFindingSeverity;
  /** What a suppression names a resource by (developer guide, `audit-finding-suppressions`). */
  readonly identifier: IdentifierMember;
  readonly configuration?: ConfigName;
  /** Why the check cannot be enabled here: the cloud lacks what it would look at. */
  readonly unavailable?: string;
}

/** The audit checks and their severities (developer guide, `device-defender-audit-checks` and a page for each). */
export const AUDIT_CHECKS = {
  AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: { severity: 'CRITICAL', identifier: 'cognitoIdentityPoolId' },
  CA_CERTIFICATE_EXPIRING_CHECK: { severity: 'MEDIUM', identifier: 'caCertificateId' },
  CA_CERTIFICATE_KEY_QUALITY_CHECK: { severity: 'CRITICAL', identifier: 'caCertificateId' },
  CONFLICTING_CLIENT_IDS_CHECK: { severity: 'HIGH', identifier: 'clientId' },
  DEVICE_CERTIFICATE_AGE_CHECK: {
    severity: 'LOW',
    identifier: 'deviceCertificateId',
    configuration: 'CERT_AGE_THRESHOLD_IN_DAYS',
  },
  DEVICE_CERTIFICATE_EXPIRING_CHECK: {
    severity: 'MEDIUM',
    identifier: 'deviceCertificateId',
    configuration: 'CERT_EXPIRATION_THRESHOLD_IN_DAYS',
  },
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK: { severity: 'CRITICAL', identifier: 'deviceCertificateId' },
  DEVICE_CERTIFICATE_SHARED_CHECK: { severity: 'CRITICAL', identifier: 'deviceCertificateId' },
  INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: {
    severity: 'CRITICAL',
    identifier: 'issuerCertificateIdentifier',
    unavailable: 'the chains of intermediate CAs above device certificates',
  },
  IOT_POLICY_OVERLY_PERMISSIVE_CHECK: { severity: 'CRITICAL', identifier: 'policyVersionIdentifier' },
  IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: { severity: 'MEDIUM', identifier: 'policyVersionIdentifier' },
  IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK: {
    severity: 'MEDIUM',
    identifier: 'roleAliasArn',
    unavailable: 'a record of the services that a role has used in the last year',
  },
  IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK: { severity: 'CRITICAL', identifier: 'roleAliasArn' },
  LOGGING_DISABLED_CHECK: { severity: 'LOW', identifier: 'account' },
  REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: { severity: 'CRITICAL', identifier: 'caCertificateId' },
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: { severity: 'MEDIUM', identifier: 'deviceCertificateId' },
  UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: { severity: 'CRITICAL', identifier: 'cognitoIdentityPoolId' },
} as const satisfies Record<string, CheckTraits>;

export type CheckName = keyof typeof AUDIT_CHECKS;

export const CHECK_NAMES = Object.keys(AUDIT_CHECKS) as readonly CheckName[];

export function traitsOf(name: CheckName): CheckTraits {
  return AUDIT_CHECKS[name];
}

/** @throws AwsError InvalidRequestException for a name that is no audit check */
export function readCheckName(name: string | undefined): CheckName {
  if (name === undefined || !Object.hasOwn(AUDIT_CHECKS, name)) {
    throw invalidRequest(`${name} is not an audit check. Audit checks are: ${CHECK_NAMES.join(', ')}`);
  }
  return name as CheckName;
}

/** Names without repetition. @throws AwsError InvalidRequestException where none or an unknown one is given */
export function readCheckNames(names: readonly string[] | undefined): CheckName[] {
  if (names === undefined || names.length === 0) throw invalidRequest('targetCheckNames must name at least one check');
  return [...new Set(names.map(readCheckName))];
}
