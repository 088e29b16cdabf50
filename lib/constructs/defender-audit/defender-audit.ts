import { Aws, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnAccountAuditConfiguration, CfnScheduledAudit } from 'aws-cdk-lib/aws-iot';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';

export interface DefenderAuditProps {
  readonly auditName: string;
  /** Names of the API, such as `DEVICE_CERTIFICATE_SHARED_CHECK`. */
  readonly checks: readonly string[];
  readonly frequency: 'DAILY' | 'WEEKLY';
  /** Of weekly audits. */
  readonly dayOfWeek: string;
  /** Is told of every finished audit. */
  readonly findings: ITopic;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * What an audit reads: AWS's managed policy AWSIoTDeviceDefenderAudit (developer guide, "Giving AWS IoT Device Defender
 * permissions") cut down to what the checks of this platform ask for.
 */
const AUDITED = [
  'iot:DescribeCACertificate',
  'iot:DescribeCertificate',
  'iot:GetEffectivePolicies',
  'iot:GetLoggingOptions',
  'iot:GetPolicy',
  'iot:GetPolicyVersion',
  'iot:GetV2LoggingOptions',
  'iot:ListAttachedPolicies',
  'iot:ListCACertificates',
  'iot:ListCertificates',
  'iot:ListCertificatesByCA',
  'iot:ListPolicies',
  'iot:ListPolicyPrincipals',
  'iot:ListPrincipalPolicies',
  'iot:ListPrincipalThings',
  'iot:ListRoleAliases',
  'iot:DescribeRoleAlias',
  'iam:GetPolicy',
  'iam:GetPolicyVersion',
  'iam:GetRole',
  'iam:GetRolePolicy',
  'iam:ListAttachedRolePolicies',
  'iam:ListEntitiesForPolicy',
  'iam:ListRolePolicies',
];

/**
 * The audit configuration of the whole account and region, owned by this stack, and a scheduled audit.
 *
 * INVARIANT: the configuration is CloudFormation's own resource, which refuses to be created where there is one already.
 * So nothing of another owner is ever changed, and taking it away restores what was there before: none.
 */
export class DefenderAudit extends Construct {
  constructor(scope: Construct, id: string, props: DefenderAuditProps) {
    super(scope, id);
    const auditRole = new IotServiceRole(this, 'Role', { description: 'Device Defender: reads what it audits' });
    auditRole.addToPrincipalPolicy(new PolicyStatement({ sid: 'Audit', actions: AUDITED, resources: ['*'] }));
    acknowledgeWildcard(auditRole, '*', 'An audit reads every certificate, policy and role alias of the account.');
    const noticeRole = new IotServiceRole(this, 'NoticeRole', {
      description: 'Device Defender: tells of finished audits',
    });
    noticeRole.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'Notify', actions: ['sns:Publish'], resources: [props.findings.topicArn] }),
    );
    const configuration = new CfnAccountAuditConfiguration(this, 'Configuration', {
      accountId: Aws.ACCOUNT_ID,
      roleArn: auditRole.roleArn,
      auditCheckConfigurations: Object.fromEntries(props.checks.map((check) => [propertyOf(check), { enabled: true }])),
      auditNotificationTargetConfigurations: {
        sns: { enabled: true, roleArn: noticeRole.roleArn, targetArn: props.findings.topicArn },
      },
    });
    configuration.applyRemovalPolicy(props.removalPolicy);
    configuration.node.addDependency(auditRole, noticeRole);
    const audit = new CfnScheduledAudit(this, 'ScheduledAudit', {
      scheduledAuditName: props.auditName,
      frequency: props.frequency,
      ...(props.frequency === 'WEEKLY' && { dayOfWeek: props.dayOfWeek }),
      targetCheckNames: [...props.checks],
    });
    // Only checks that are enabled can be scheduled.
    audit.addResourceDependency(configuration);
  }
}

/** `DEVICE_CERTIFICATE_SHARED_CHECK` → `deviceCertificateSharedCheck`, with CloudFormation's spelling of its own names. */
function propertyOf(check: string): string {
  const [first = '', ...words] = check.toLowerCase().split('_');
  return first + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}
