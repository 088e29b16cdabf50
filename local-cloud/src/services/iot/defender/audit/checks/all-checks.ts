import type { CheckName } from '../audit-checks.ts';
import { type AuditCheck, CheckFailure } from './audit-check.ts';
import { caCertificateExpiring, deviceCertificateAge, deviceCertificateExpiring } from './certificate-dates.ts';
import { cognitoRoleOverlyPermissive } from './cognito-roles.ts';
import { conflictingClientIds, deviceCertificateShared } from './connections.ts';
import { iotPolicyOverlyPermissive, iotPolicyPotentialMisconfiguration } from './iot-policies.ts';
import { caCertificateKeyQuality, deviceCertificateKeyQuality } from './key-quality.ts';
import { loggingDisabled } from './logging-disabled.ts';
import { revokedCaCertificate, revokedDeviceCertificate } from './revocation.ts';
import { roleAliasOverlyPermissive } from './role-aliases.ts';

/** A check that cannot be enabled is never run; should it be, it says so. */
const unavailable: AuditCheck = () => Promise.reject(new CheckFailure('The check is not available'));

export const ALL_CHECKS: Readonly<Record<CheckName, AuditCheck>> = {
  AUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: cognitoRoleOverlyPermissive,
  CA_CERTIFICATE_EXPIRING_CHECK: caCertificateExpiring,
  CA_CERTIFICATE_KEY_QUALITY_CHECK: caCertificateKeyQuality,
  CONFLICTING_CLIENT_IDS_CHECK: conflictingClientIds,
  DEVICE_CERTIFICATE_AGE_CHECK: deviceCertificateAge,
  DEVICE_CERTIFICATE_EXPIRING_CHECK: deviceCertificateExpiring,
  DEVICE_CERTIFICATE_KEY_QUALITY_CHECK: deviceCertificateKeyQuality,
  DEVICE_CERTIFICATE_SHARED_CHECK: deviceCertificateShared,
  INTERMEDIATE_CA_REVOKED_FOR_ACTIVE_DEVICE_CERTIFICATES_CHECK: unavailable,
  IOT_POLICY_OVERLY_PERMISSIVE_CHECK: iotPolicyOverlyPermissive,
  IOT_POLICY_POTENTIAL_MISCONFIGURATION_CHECK: iotPolicyPotentialMisconfiguration,
  IOT_ROLE_ALIAS_ALLOWS_ACCESS_TO_UNUSED_SERVICES_CHECK: unavailable,
  IOT_ROLE_ALIAS_OVERLY_PERMISSIVE_CHECK: roleAliasOverlyPermissive,
  LOGGING_DISABLED_CHECK: loggingDisabled,
  REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK: revokedCaCertificate,
  REVOKED_DEVICE_CERTIFICATE_STILL_ACTIVE_CHECK: revokedDeviceCertificate,
  UNAUTHENTICATED_COGNITO_ROLE_OVERLY_PERMISSIVE_CHECK: cognitoRoleOverlyPermissive,
};
