import type { AlertRules, DeviceModel, PlatformNames } from '@fleetwright/contracts';
import { PRESENCE_SHADOW } from '@fleetwright/contracts';
import { ArnFormat, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { grantFindDataPlane } from '../service-role/find-data-plane.ts';
import { grantTelemetryRead, telemetryPlace } from '../telemetry-reader/telemetry-reader.ts';

export interface WhatIfProps {
  readonly names: PlatformNames;
  /** By device type. */
  readonly models: Readonly<Record<string, DeviceModel>>;
  readonly rules: Readonly<Record<string, AlertRules>>;
  /** States of the rules; undefined where there are none. */
  readonly alertStates: ITable | undefined;
  /** Desired state that is not reported for so long is an alert. */
  readonly driftAfterSeconds: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

/** Plays proposed states against copies of twins. Operators invoke it; see `whatIfRequestSchema` of the contracts. */
export class WhatIf extends Construct {
  /** Its role may read, and nothing else. */
  readonly function: BundledFunction;

  constructor(scope: Construct, id: string, props: WhatIfProps) {
    super(scope, id);
    const { alertStates, models, names, rules } = props;
    this.function = new BundledFunction(this, 'Player', {
      ...props,
      name: 'what-if',
      description: 'Predicts what would come of a desired state; sends nothing',
      environment: {
        THING_NAME_PREFIX: names.thingNamePrefix,
        ...telemetryPlace(names),
        ...(alertStates !== undefined && { ALERT_TABLE: alertStates.tableName }),
        DRIFT_AFTER_SECONDS: String(props.driftAfterSeconds),
      },
      files: { 'settings.json': JSON.stringify({ models, rules }) },
      timeout: Duration.seconds(30),
      memoryMegabytes: 512,
    });
    new OperatorAlarm(this, 'Errors', {
      description: 'what-if fails: operators get no predictions. Read its log.',
      metric: this.function.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
    const { role } = this.function;
    grantTelemetryRead(role, names, [names.telemetryTable]);
    grantFindDataPlane(role);
    const thing = (resourceName: string) =>
      Stack.of(this).formatArn({
        service: 'iot',
        resource: 'thing',
        resourceName,
        arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
      });
    // Service authorization reference, AWS IoT: a named shadow is `thing/{thing}/{shadow}`.
    const of = Object.entries(models).map(([deviceType, { shadow }]) => ({
      things: thing(names.thingName(deviceType, '*')),
      shadows: [shadow, PRESENCE_SHADOW].map((name) => thing(`${names.thingName(deviceType, '*')}/${name}`)),
    }));
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'FindThing',
        actions: ['iot:DescribeThing'],
        resources: of.map(({ things }) => things),
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReadTwin',
        actions: ['iot:GetThingShadow'],
        resources: of.flatMap(({ shadows }) => shadows),
      }),
    );
    for (const arn of of.flatMap(({ shadows, things }) => [things, ...shadows])) {
      acknowledgeWildcard(role, arn, 'A thing name ends with the serial number, known when a device registers.');
    }
    if (alertStates !== undefined) {
      role.addToPrincipalPolicy(
        new PolicyStatement({ sid: 'ReadState', actions: ['dynamodb:GetItem'], resources: [alertStates.tableArn] }),
      );
    }
  }
}
