import {
  type PlatformNames,
  ROTATION_ANSWER_LEVEL,
  ROTATION_CONFIRM_TIME,
  ROTATION_LEVEL,
} from '@fleetwright/contracts';
import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';
import { QueueRule } from '../telemetry-rule/queue-rule.ts';

export interface CertificateRotationProps extends QueueConsumerDefaults {
  readonly names: PlatformNames;
  readonly deviceTypes: readonly string[];
  /** How long a certificate that was taken out of use is kept, inactive, before it is deleted. */
  readonly deleteAfterHours: number;
  readonly errorQueue: IQueue;
}

/** SELECT of what devices say of their certificates, undecoded, with the certificate that they say it over. */
export function rotationMessages(names: PlatformNames): string {
  return (
    "SELECT 'message' AS kind, topic(1) AS topicRoot, topic(2) AS site, topic(3) AS deviceType, topic(4) AS thingName, " +
    `principal() AS principal, encode(*, 'base64') AS payload FROM '${names.topicRoot}/+/+/+/${ROTATION_LEVEL}'`
  );
}

/**
 * Gives devices new certificates while they run (contracts, `certificate-rotation.ts`). The old certificate stays until
 * its device has connected with the new one and said so; a new one that nobody confirms is withdrawn.
 */
export class CertificateRotation extends Construct {
  readonly consumer: QueueConsumer;
  /** `{ thingName, record, … }` */
  readonly state: StateTable;

  constructor(scope: Construct, id: string, props: CertificateRotationProps) {
    super(scope, id);
    const { names } = props;
    this.state = new StateTable(this, 'State', ['thingName'], props.removalPolicy);
    this.consumer = new QueueConsumer(this, 'Rotator', {
      ...props,
      functionName: 'rotate-certificate',
      description: 'Gives devices new certificates and takes the old ones out of use',
      content: 'Requests of certificate rotation',
      environment: {
        STATE_TABLE: this.state.tableName,
        CERTIFICATE_ARN_PREFIX: this.arn('cert', ''),
        CONFIRM_SECONDS: String(ROTATION_CONFIRM_TIME / 1_000),
        DELETE_AFTER_SECONDS: String(props.deleteAfterHours * 3_600),
      },
      remindsItself: true,
    });
    this.state.grantTracking(this.consumer.function.role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    this.grantRotation(this.consumer.function.role, props);
    new QueueRule(this, 'Rule', {
      ruleName: names.ruleName('rotation'),
      description: 'what devices say of their certificates to their rotation',
      sql: rotationMessages(names),
      queues: [this.consumer.queue],
      errorQueue: props.errorQueue,
    });
    new OperatorAlarm(this, 'Withdrawn', {
      description:
        'New certificates are withdrawn because devices did not connect with them; they go on with their old ones. ' +
        'Read the log of rotate-certificate before more devices rotate.',
      metric: new Metric({
        namespace: props.metricsNamespace,
        metricName: 'rotationsWithdrawn',
        dimensionsMap: { service: 'rotate-certificate' },
        statistic: 'Sum',
        period: Duration.hours(1),
      }),
      above: 0,
      actionArns: props.alarmActionArns,
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

  private grantRotation(role: Role, { deviceTypes, names }: CertificateRotationProps): void {
    const certificates = this.arn('cert', '*');
    const things = deviceTypes.map((deviceType) => this.arn('thing', names.thingName(deviceType, '*')));
    // At any site, so that the policy does not grow with the sites.
    const topics = deviceTypes.map((deviceType) =>
      this.arn(
        'topic',
        `${names.topicRoot}/*/${deviceType}/${names.thingName(deviceType, '*')}/${ROTATION_ANSWER_LEVEL}`,
      ),
    );
    const grants: readonly (readonly [sid: string, actions: readonly string[], resources: readonly string[]])[] = [
      [
        'ExchangeCertificates',
        [
          'iot:AttachPolicy',
          'iot:DeleteCertificate',
          'iot:DescribeCertificate',
          'iot:DetachPolicy',
          'iot:ListAttachedPolicies',
          'iot:UpdateCertificate',
        ],
        [certificates],
      ],
      ['FindDevice', ['iot:DescribeThing', 'iot:ListThingPrincipals'], things],
      ['Answer', ['iot:Publish'], topics],
      [
        'SignAndAttach',
        [
          'iot:AttachThingPrincipal',
          'iot:CreateCertificateFromCsr',
          'iot:DetachThingPrincipal',
          'iot:ListPrincipalThings',
        ],
        ['*'],
      ],
    ];
    for (const [sid, actions, resources] of grants) {
      role.addToPrincipalPolicy(new PolicyStatement({ sid, actions: [...actions], resources: [...resources] }));
    }
    grantFindDataPlane(role);
    acknowledgeWildcard(role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
    acknowledgeWildcard(
      role,
      '*',
      'AttachThingPrincipal, CreateCertificateFromCsr, DetachThingPrincipal, ListPrincipalThings and DescribeEndpoint have ' +
        'no resource types (service authorization reference, AWS IoT).',
    );
    for (const wildcard of [...things, ...topics]) {
      acknowledgeWildcard(role, wildcard, 'A thing name ends with the serial number, known when a device registers.');
    }
  }
}
