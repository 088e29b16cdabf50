import { ArnFormat, Aws, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnLogging } from 'aws-cdk-lib/aws-iot';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';

export interface IotLoggingProps {
  readonly level: 'ERROR' | 'WARN' | 'INFO' | 'DEBUG';
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** The log group that AWS IoT writes to, in every account (IoT developer guide, "Monitor AWS IoT using CloudWatch Logs"). */
const LOG_GROUP = 'AWSIotLogsV2';

/**
 * Logging of AWS IoT for the whole account and region, owned by this stack, with its log group.
 *
 * INVARIANT: CloudFormation's own resource refuses to be created where logging is configured already, so nothing of
 * another owner is changed; deleting it turns logging off.
 */
export class IotLogging extends Construct {
  constructor(scope: Construct, id: string, props: IotLoggingProps) {
    super(scope, id);
    const group = new LogGroup(this, 'Logs', {
      logGroupName: LOG_GROUP,
      retention: props.logRetentionDays as RetentionDays,
      removalPolicy: props.removalPolicy,
    });
    const role = new IotServiceRole(this, 'Role', { description: 'AWS IoT: writes its own log' });
    const streams = Stack.of(this).formatArn({
      service: 'logs',
      resource: 'log-group',
      resourceName: `${LOG_GROUP}:log-stream:*`,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'WriteLog',
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [group.logGroupArn, streams],
      }),
    );
    acknowledgeWildcard(role, streams, 'AWS IoT names its log streams.');
    const logging = new CfnLogging(this, 'Logging', {
      accountId: Aws.ACCOUNT_ID,
      defaultLogLevel: props.level,
      roleArn: role.roleArn,
    });
    logging.applyRemovalPolicy(props.removalPolicy);
    logging.node.addDependency(role, group);
  }
}
