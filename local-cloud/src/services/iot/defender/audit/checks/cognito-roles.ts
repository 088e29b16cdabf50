import type { AuditCheck } from './audit-check.ts';

/**
 * "audits all Amazon Cognito identity pools that have been used to connect to the AWS IoT message broker during the 31
 * days before the audit execution" (`audit-chk-auth-cognito-role-permissive`). The cloud has no Cognito, and its broker
 * takes no Cognito identity: there are none.
 */
export const cognitoRoleOverlyPermissive: AuditCheck = () => Promise.resolve({ totalResources: 0, findings: [] });
