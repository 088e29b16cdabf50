import type { GetLoggingOptionsResponse, GetV2LoggingOptionsResponse } from '@aws-sdk/client-iot';
import { AwsError } from '../../../../../core/errors.ts';
import type { AuditCheck } from './audit-check.ts';

/** `audit-chk-logging-disabled`: "Verifies both V1 and V2 logging." */
export const loggingDisabled: AuditCheck = async (auditor) => {
  const v1 = await auditor.call<GetLoggingOptionsResponse>('iot', 'GetLoggingOptions', {});
  const enabled = logs(v1.roleArn, v1.logLevel) || (await logsV2());
  if (enabled) return { totalResources: 1, findings: [] };
  return {
    totalResources: 1,
    findings: [
      {
        resource: {
          resourceType: 'ACCOUNT_SETTINGS',
          resourceIdentifier: { account: auditor.account.accountId },
        },
        reasonCode: 'LOGGING_DISABLED',
        reason: 'AWS IoT logs are not enabled in Amazon CloudWatch.',
      },
    ],
  };

  /** An account that never configured V2 logging is answered with an exception. */
  async function logsV2(): Promise<boolean> {
    try {
      const v2 = await auditor.call<GetV2LoggingOptionsResponse>('iot', 'GetV2LoggingOptions', {});
      return v2.disableAllLogs !== true && logs(v2.roleArn, v2.defaultLogLevel);
    } catch (error) {
      if (error instanceof AwsError && error.code === 'NotConfiguredException') return false;
      throw error;
    }
  }
};

function logs(roleArn: string | undefined, level: string | undefined): boolean {
  return roleArn !== undefined && level !== undefined && level !== 'DISABLED';
}
