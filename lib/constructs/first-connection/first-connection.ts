import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';

export interface FirstConnectionProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  readonly errorQueue: IQueue;
}

/** SELECT of connections of devices (IoT developer guide, "Lifecycle events"); a claim's client ids are no devices. */
export function deviceConnections(names: PlatformNames): string {
  return (
    "SELECT clientId AS thingName, principalIdentifier AS principal FROM '$aws/events/presence/connected/+' " +
    `WHERE startswith(clientId, '${names.thingNamePrefix}') AND NOT startswith(clientId, '${names.provisioningTemplate}-')`
  );
}

/**
 * Takes devices from `provisioning` to `active` when they first connect, however they were registered. Each pair of thing
 * and certificate is looked at once a week, so that a fleet that comes back does not use up the registry's rates.
 */
export class FirstConnection extends Construct {
  readonly consumer: QueueConsumer;

  constructor(scope: Construct, id: string, props: FirstConnectionProps) {
    super(scope, id);
    const { names } = props;
    const seen = new StateTable(this, 'Seen', ['thingName', 'principal'], props.removalPolicy);
    this.consumer = new QueueConsumer(this, 'Activator', {
      ...props,
      functionName: 'activate-device',
      description: 'Makes devices active when they first connect',
      content: 'Connections of devices',
      environment: { SEEN_TABLE: seen.tableName },
    });
    const { role } = this.consumer.function;
    seen.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    const things = props.deviceTypes.map((deviceType) =>
      Stack.of(this).formatArn({
        service: 'iot',
        resource: 'thing',
        resourceName: names.thingName(deviceType, '*'),
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ChangeState',
        actions: ['iot:DescribeThing', 'iot:UpdateThing'],
        resources: things,
      }),
    );
    for (const thing of things) {
      acknowledgeWildcard(role, thing, 'A thing name ends with the serial number, known when a device registers.');
    }
    new QueueRule(this, 'Rule', {
      ruleName: names.ruleName('first-connection'),
      description: 'connections of devices to their activation',
      sql: deviceConnections(names),
      queues: [this.consumer.queue],
      errorQueue: props.errorQueue,
    });
  }
}
