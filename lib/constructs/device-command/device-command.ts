import { COMMAND_LEVEL, OUTCOME_LEVEL, type PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TwinSettings } from '../../config/twin-settings.ts';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';

export interface DeviceCommandProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly settings: TwinSettings['commands'];
  readonly errorQueue: IQueue;
}

/** SELECT of what devices say of their commands, undecoded. */
export function commandOutcomes(names: PlatformNames): string {
  return (
    "SELECT 'outcome' AS kind, topic(4) AS thingName, timestamp() AS at, encode(*, 'base64') AS payload " +
    `FROM '${names.topicRoot}/+/+/+/${OUTCOME_LEVEL}'`
  );
}

/** Commands to devices, each with a deadline and an outcome on record. */
export class DeviceCommand extends Construct {
  /** Operators invoke it; see `issueCommandSchema` of the contracts. */
  readonly issuer: BundledFunction;
  readonly consumer: QueueConsumer;
  /** `{ thingName, commandId, record, … }`; `record` is JSON of `commandRecordSchema`. */
  readonly commands: StateTable;

  constructor(scope: Construct, id: string, props: DeviceCommandProps) {
    super(scope, id);
    const { names, settings } = props;
    this.commands = new StateTable(this, 'Commands', ['thingName', 'commandId'], props.removalPolicy);
    const table = { COMMAND_TABLE: this.commands.tableName, KEEP_DAYS: String(settings.keepDays) };
    this.consumer = new QueueConsumer(this, 'Tracker', {
      ...props,
      functionName: 'track-commands',
      description: 'Records outcomes of commands and lets deadlines pass',
      content: 'Outcomes of commands',
      environment: table,
      remindsItself: true,
    });
    this.commands.grantTracking(this.consumer.function.role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    new QueueRule(this, 'OutcomeRule', {
      ruleName: names.ruleName('command-outcome'),
      description: 'outcomes of commands to their record',
      sql: commandOutcomes(names),
      queues: [this.consumer.queue],
      errorQueue: props.errorQueue,
    });

    this.issuer = new BundledFunction(this, 'Issuer', {
      ...props,
      name: 'issue-command',
      description: 'Sends a command to a device',
      environment: {
        ...table,
        QUEUE_URL: this.consumer.queue.queueUrl,
        TOPIC_ROOT: names.topicRoot,
        THING_NAME_PREFIX: names.thingNamePrefix,
      },
      timeout: Duration.seconds(15),
      memoryMegabytes: 256,
    });
    this.grantIssue(props);
    new OperatorAlarm(this, 'IssuerErrors', {
      description: 'issue-command fails: commands are not sent. Read its log.',
      metric: this.issuer.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }

  private grantIssue({ names, deviceTypes }: DeviceCommandProps): void {
    const { role } = this.issuer;
    const arn = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    const things = deviceTypes.map((deviceType) => arn('thing', names.thingName(deviceType, '*')));
    // At any site, so that the policy does not grow with the sites.
    const topics = deviceTypes.map((deviceType) =>
      arn('topic', `${names.topicRoot}/*/${deviceType}/${names.thingName(deviceType, '*')}/${COMMAND_LEVEL}`),
    );
    this.commands.grantTracking(role, 'dynamodb:PutItem');
    for (const [sid, action, resources] of [
      ['ArrangeDeadline', 'sqs:SendMessage', [this.consumer.queue.queueArn]],
      ['FindDevice', 'iot:DescribeThing', things],
      ['SendCommand', 'iot:Publish', topics],
    ] as const) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [action], resources: [...resources] }));
    }
    grantFindDataPlane(role);
    for (const wildcard of [...things, ...topics]) {
      acknowledgeWildcard(role, wildcard, 'A thing name ends with the serial number, known when a device registers.');
    }
  }
}
