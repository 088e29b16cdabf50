import { deviceTypeGroupName, type PlatformNames, siteGroupName } from '@fleetwright/contracts';
import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';
import type { DevicePlace } from './jitp-template.ts';

export interface JustInTimeRegistrationProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  /** `list`: only serial numbers on the allow-list. `open`: all but denied ones. */
  readonly admission: 'open' | 'list';
  /** `{ serialNumber, status: 'allowed' | 'denied', site?, deviceType? }` */
  readonly admissions: Table;
  readonly sites: readonly string[];
  readonly deviceTypes: readonly string[];
  readonly errorQueue: IQueue;
}

/**
 * SELECT of certificates of a CA that wait for their activation (IoT developer guide, "Just-in-time registration"); they
 * are announced again each time their device tries to connect.
 */
export function registeredCertificates(caCertificateId: string, { deviceType, site }: DevicePlace): string {
  return (
    `SELECT certificateId, '${site}' AS site, '${deviceType}' AS deviceType ` +
    `FROM '$aws/events/certificates/registered/${caCertificateId}' WHERE certificateStatus = 'PENDING_ACTIVATION'`
  );
}

/** Registers devices that bring a certificate of a customer's CA, by the list of admissions. */
export class JustInTimeRegistration extends Construct {
  readonly consumer: QueueConsumer;
  readonly #props: JustInTimeRegistrationProps;

  constructor(scope: Construct, id: string, props: JustInTimeRegistrationProps) {
    super(scope, id);
    this.#props = props;
    const { names } = props;
    this.consumer = new QueueConsumer(this, 'Registrar', {
      ...props,
      functionName: 'register-device',
      description: 'Registers devices of customer CAs',
      content: 'Certificates of customer CAs',
      environment: {
        ADMISSIONS_TABLE: props.admissions.tableName,
        ADMISSION: props.admission,
        SITES: props.sites.join(','),
        DEVICE_TYPES: props.deviceTypes.join(','),
        TOPIC_ROOT: names.topicRoot,
        DEVICE_POLICIES: [names.devicePolicy, names.deviceServicesPolicy].join(','),
        CERTIFICATE_ARN_PREFIX: this.arn('cert', ''),
      },
    });
    this.grantRegistration(this.consumer.function.role);
  }

  /** Registers devices of a CA from now on. */
  follow(authority: string, caCertificateId: string, place: DevicePlace): void {
    new QueueRule(this, `Rule-${authority}`, {
      ruleName: this.#props.names.ruleName(`registration-${authority}`),
      description: `certificates of the CA ${authority} to their registration`,
      sql: registeredCertificates(caCertificateId, place),
      queues: [this.consumer.queue],
      errorQueue: this.#props.errorQueue,
    });
  }

  private arn(resource: string, resourceName: string): string {
    return Stack.of(this).formatArn({
      service: 'iot',
      resource,
      resourceName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
  }

  private grantRegistration(role: Role): void {
    const { admissions, deviceTypes, names, sites } = this.#props;
    const certificates = this.arn('cert', '*');
    const things = deviceTypes.map((deviceType) => this.arn('thing', names.thingName(deviceType, '*')));
    const groups = [
      names.thingGroup,
      ...sites.map((site) => siteGroupName(names.topicRoot, site)),
      ...deviceTypes.map((deviceType) => deviceTypeGroupName(names.topicRoot, deviceType)),
    ].map((name) => this.arn('thinggroup', name));
    const grants: readonly (readonly [sid: string, actions: readonly string[], resources: readonly string[]])[] = [
      ['ReadAdmissions', ['dynamodb:GetItem'], [admissions.tableArn]],
      ['MakeThings', ['iot:CreateThing', 'iot:DescribeThing'], things],
      ['JoinGroups', ['iot:AddThingToThingGroup'], [...things, ...groups]],
      ['Activate', ['iot:AttachPolicy', 'iot:DescribeCertificate', 'iot:UpdateCertificate'], [certificates]],
      ['AttachThing', ['iot:AttachThingPrincipal'], ['*']],
    ];
    for (const [sid, actions, resources] of grants) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [...resources] }));
    }
    acknowledgeWildcard(role, certificates, 'The id of a certificate is known when its device first connects.');
    acknowledgeWildcard(
      role,
      '*',
      'AttachThingPrincipal has no resource types (service authorization reference, AWS IoT).',
    );
    for (const thing of things) {
      acknowledgeWildcard(role, thing, 'A thing name ends with the serial number, known when a device registers.');
    }
  }
}
