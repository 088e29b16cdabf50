import { coreGroupName, deviceTypeGroupName, type PlatformNames, siteGroupName } from '@fleetwright/contracts';
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
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  readonly errorQueue: IQueue;
  /** Greengrass cores: their device type, and the names of their groups, which are made elsewhere. */
  readonly cores?: { readonly deviceType: string; readonly groups: readonly string[] };
}

/** SELECT of connections of devices (IoT developer guide, "Lifecycle events"); a claim's client ids are no devices. */
export function deviceConnections(names: PlatformNames): string {
  return (
    "SELECT clientId AS thingName, principalIdentifier AS principal FROM '$aws/events/presence/connected/+' " +
    `WHERE startswith(clientId, '${names.thingNamePrefix}') AND NOT startswith(clientId, '${names.provisioningTemplate}-')`
  );
}

/**
 * Takes devices from `provisioning` to `active` when they first connect, however they were registered, and into the groups
 * of their stage, site and type, which CloudFormation and an operator's own hands leave them without. Each pair of thing
 * and certificate is looked at once a week, so that a fleet that comes back does not use up the registry's rates.
 */
export class FirstConnection extends Construct {
  readonly consumer: QueueConsumer;

  constructor(scope: Construct, id: string, props: FirstConnectionProps) {
    super(scope, id);
    const { cores, names } = props;
    const seen = new StateTable(this, 'Seen', ['thingName', 'principal'], props.removalPolicy);
    const iot = (resource: string, resourceName: string) =>
      Stack.of(this).formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    const certificates = iot('cert', '*');
    this.consumer = new QueueConsumer(this, 'Activator', {
      ...props,
      functionName: 'activate-device',
      description: 'Makes devices active when they first connect',
      content: 'Connections of devices',
      environment: {
        SEEN_TABLE: seen.tableName,
        TOPIC_ROOT: names.topicRoot,
        ...(cores !== undefined && { CORE_TYPES: cores.deviceType, CERTIFICATE_PREFIX: certificates.slice(0, -1) }),
      },
    });
    const { role } = this.consumer.function;
    seen.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    const things = props.deviceTypes.map((deviceType) => iot('thing', names.thingName(deviceType, '*')));
    const groups = [
      names.thingGroup,
      ...props.sites.map((site) => siteGroupName(names.topicRoot, site)),
      ...props.deviceTypes.map((deviceType) => deviceTypeGroupName(names.topicRoot, deviceType)),
      ...(cores?.groups ?? []).map((group) => coreGroupName(names.topicRoot, group)),
    ].map((name) => iot('thinggroup', name));
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ChangeState',
        actions: ['iot:DescribeThing', 'iot:ListThingGroupsForThing', 'iot:UpdateThing'],
        resources: things,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'JoinGroups',
        actions: ['iot:AddThingToThingGroup'],
        resources: [...things, ...groups],
      }),
    );
    if (cores !== undefined) {
      // AttachPolicy is authorized on its target (service authorization reference, AWS IoT).
      role.addToPrincipalPolicy(
        new PolicyStatement({ sid: 'AllowCores', actions: ['iot:AttachPolicy'], resources: [certificates] }),
      );
      acknowledgeWildcard(role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
    }
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
