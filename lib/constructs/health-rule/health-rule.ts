import type { PlatformNames } from '@fleetwright/contracts';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { queueAction } from '../telemetry-rule/rule-actions.ts';
import { TopicRule } from '../telemetry-rule/topic-rule.ts';
import type { HotStore } from '../telemetry-store/hot-store.ts';

export interface HealthRuleProps {
  readonly names: PlatformNames;
  readonly store: HotStore;
  readonly errorQueue: IQueue;
}

/**
 * Every number is a whole one. The Timestream action takes the type of each value from its text, SQL version
 * 2016-03-23 writes 10.0 as `10`, and a cast to Decimal does not prevent it (IoT developer guide, "Timestream" rule
 * action). A battery at 99.5 % and then at 100 % would be a double and then a bigint, in two columns; in tenths of a
 * percent it is a bigint always. An attribute that a message does not have is Undefined, and so is what is computed from
 * it: it is left out of the result (IoT developer guide, SQL "Data types").
 */
const MEASURES = [
  'round(battery * 10) AS battery_permille',
  'round(signal) AS signal_dbm',
  'round(memoryFree) AS memory_free_bytes',
  'firmware',
  'bootId AS boot_id',
  'sequence',
  'round(diskFree) AS disk_free_bytes',
  'round(cpu * 10) AS cpu_permille',
  'round(temperature * 10) AS temperature_decidegrees',
  'round(uptime) AS uptime_seconds',
  'round(errors) AS error_count',
  'round(samplesWaiting) AS samples_waiting',
  'round(samplesDropped) AS samples_dropped',
];

/** Writes health messages straight to the hot store, to a table of their own, without a function. */
export class HealthRule extends Construct {
  constructor(scope: Construct, id: string, props: HealthRuleProps) {
    super(scope, id);
    const role = new IotServiceRole(this, 'Role', {
      description: 'Rule of the health channel: health table, rule errors',
    });
    const { action, selection } = props.store.deliverHealth(role);
    new TopicRule(this, 'Rule', {
      ruleName: props.names.ruleName('health'),
      description: 'health of all devices to its table',
      sql: `SELECT ${[...MEASURES, ...selection].join(', ')} FROM '${props.names.topicRoot}/+/+/+/health'`,
      actions: [action],
      errorAction: queueAction(props.errorQueue, role),
      role,
    });
  }
}
