import { type PlatformNames, PRESENCE_LEVEL, PRESENCE_SHADOW } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { TwinSettings } from '../../config/twin-settings.ts';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';

export interface DevicePresenceProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly settings: TwinSettings['presence'];
  readonly alerts: ITopic;
  readonly errorQueue: IQueue;
}

/**
 * SELECT of lifecycle events (IoT developer guide, "Lifecycle events"); yields `PresenceEvent`. A claim's client ids also
 * begin with project and stage, and are no devices.
 */
export function lifecycleEvents(names: PlatformNames): string {
  return (
    'SELECT eventType AS kind, clientId AS thingName, sessionIdentifier AS sessionId, versionNumber AS version, ' +
    "timestamp AS at, disconnectReason AS reason FROM '$aws/events/presence/+/+' " +
    `WHERE startswith(clientId, '${names.thingNamePrefix}') AND NOT startswith(clientId, '${names.provisioningTemplate}-')`
  );
}

/** SELECT of last wills; yields `PresenceEvent`. */
export function lastWills(names: PlatformNames): string {
  return `SELECT 'will' AS kind, topic(4) AS thingName, timestamp() AS at FROM '${names.topicRoot}/+/+/+/${PRESENCE_LEVEL}'`;
}

/** Which devices are there: in their named shadow `presence`, and an alert when one stays away. */
export class DevicePresence extends Construct {
  readonly consumer: QueueConsumer;
  readonly state: StateTable;

  constructor(scope: Construct, id: string, props: DevicePresenceProps) {
    super(scope, id);
    const { names, settings } = props;
    this.state = new StateTable(this, 'State', ['thingName'], props.removalPolicy);
    this.consumer = new QueueConsumer(this, 'Tracker', {
      ...props,
      functionName: 'track-presence',
      description: 'Makes presence of lifecycle events and last wills',
      content: 'Presence events',
      environment: {
        STATE_TABLE: this.state.tableName,
        ALERT_TOPIC_ARN: props.alerts.topicArn,
        SETTLE_SECONDS: String(settings.settleSeconds),
        FLAP_WINDOW_SECONDS: String(settings.flapWindowSeconds),
        FLAP_LIMIT: String(settings.flapLimit),
        FLAP_HOLD_SECONDS: String(settings.flapHoldSeconds),
        OFFLINE_ALERT_SECONDS: String(settings.offlineAlertSeconds),
      },
      remindsItself: true,
    });
    const { role } = this.consumer.function;
    this.state.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'Alert', actions: ['sns:Publish'], resources: [props.alerts.topicArn] }),
    );
    // Service authorization reference, AWS IoT: a named shadow is `thing/{thing}/{shadow}`.
    const shadows = props.deviceTypes.map((deviceType) =>
      Stack.of(this).formatArn({
        service: 'iot',
        resource: 'thing',
        resourceName: `${names.thingName(deviceType, '*')}/${PRESENCE_SHADOW}`,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'TellPresence', actions: ['iot:UpdateThingShadow'], resources: shadows }),
    );
    grantFindDataPlane(role);
    for (const shadow of shadows) {
      acknowledgeWildcard(role, shadow, 'A thing name ends with the serial number, known when a device registers.');
    }
    new QueueRule(this, 'LifecycleRule', {
      ruleName: names.ruleName('presence'),
      description: 'connects and disconnects of devices to the tracking of presence',
      sql: lifecycleEvents(names),
      queues: [this.consumer.queue],
      errorQueue: props.errorQueue,
    });
    new QueueRule(this, 'LastWillRule', {
      ruleName: names.ruleName('last-will'),
      description: 'last wills of devices to the tracking of presence',
      sql: lastWills(names),
      queues: [this.consumer.queue],
      errorQueue: props.errorQueue,
    });
  }
}
