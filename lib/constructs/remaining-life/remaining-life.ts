import type { LifeRules, PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { grantTelemetryRead, telemetryPlace } from '../telemetry-reader/telemetry-reader.ts';

export interface RemainingLifeProps {
  readonly names: PlatformNames;
  /** By device type. */
  readonly life: Readonly<Record<string, LifeRules>>;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

/** Estimates how long what wears of a device lasts. Operators invoke it; see `lifeRequestSchema` of the contracts. */
export class RemainingLife extends Construct {
  /** Its role may read, and nothing else. */
  readonly function: BundledFunction;

  constructor(scope: Construct, id: string, props: RemainingLifeProps) {
    super(scope, id);
    const { life, names } = props;
    this.function = new BundledFunction(this, 'Estimator', {
      ...props,
      name: 'estimate-life',
      description: 'Estimates remaining useful life from trends in telemetry and health',
      environment: { THING_NAME_PREFIX: names.thingNamePrefix, ...telemetryPlace(names) },
      files: { 'settings.json': JSON.stringify({ life }) },
      timeout: Duration.seconds(60),
      memoryMegabytes: 512,
    });
    new OperatorAlarm(this, 'Errors', {
      description: 'estimate-life fails: operators get no estimates. Read its log.',
      metric: this.function.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
    const { role } = this.function;
    const channels = new Set(Object.values(life).flatMap((rules) => Object.values(rules).map((rule) => rule.channel)));
    const tables = { telemetry: names.telemetryTable, health: names.healthTable };
    grantTelemetryRead(
      role,
      names,
      [...channels].sort().map((channel) => tables[channel]),
    );
    const things = Object.keys(life).map((deviceType) =>
      Stack.of(this).formatArn({
        service: 'iot',
        resource: 'thing',
        resourceName: names.thingName(deviceType, '*'),
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'FindThing', actions: ['iot:DescribeThing'], resources: things }),
    );
    for (const arn of things) {
      acknowledgeWildcard(role, arn, 'A thing name ends with the serial number, known when a device registers.');
    }
  }
}
