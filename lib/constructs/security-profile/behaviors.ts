import type { CfnSecurityProfile } from 'aws-cdk-lib/aws-iot';
import type { ProfileLimits } from '../../config/security-settings.ts';

type Behavior = CfnSecurityProfile.BehaviorProperty;

/** Metrics are gathered by five minutes (IoT developer guide, "Cloud-side metrics"), s */
const WINDOW_SECONDS = 300;
/** A device that is back to normal must be so three times before its alarm clears. */
const TO_CLEAR = 3;

/** Behaviors that devices are expected to show, from the limits that the configuration sets. */
export function behaviorsOf(limits: ProfileLimits): Behavior[] {
  return [
    atMost('messages-sent', 'aws:num-messages-sent', limits.messagesSent),
    largest('message-size', 'aws:message-byte-size', limits.messageBytes),
    atMost('connection-attempts', 'aws:num-connection-attempts', limits.connectionAttempts),
    atMost('disconnects', 'aws:num-disconnects', limits.disconnects),
    atMost('authorization-failures', 'aws:num-authorization-failures', limits.authorizationFailures),
    within('source-ip', 'aws:source-ip-address', 'in-cidr-set', {
      cidrs: limits.sourceIpRanges.length === 0 ? null : limits.sourceIpRanges,
    }),
    atMost('bytes-out', 'aws:all-bytes-out', limits.bytesOut),
    largest('established-connections', 'aws:num-established-tcp-connections', limits.establishedConnections),
    within('listening-tcp-ports', 'aws:listening-tcp-ports', 'in-port-set', { ports: limits.listeningTcpPorts }),
  ].filter((behavior) => behavior !== undefined);
}

/** A custom metric of type `number` that must not be above a value. */
export function customBehavior(name: string, metric: string, above: number): Behavior {
  return { name, metric, criteria: criteria('less-than-equals', { number: above }), suppressAlerts: false };
}

/** Counted over the five minutes. */
function atMost(name: string, metric: string, count: number | null): Behavior | undefined {
  if (count === null) return undefined;
  return {
    name,
    metric,
    criteria: criteria('less-than-equals', { count: String(count) }, WINDOW_SECONDS),
    suppressAlerts: false,
  };
}

/** Of each measurement by itself. */
function largest(name: string, metric: string, count: number | null): Behavior | undefined {
  if (count === null) return undefined;
  return { name, metric, criteria: criteria('less-than-equals', { count: String(count) }), suppressAlerts: false };
}

function within(
  name: string,
  metric: string,
  comparisonOperator: string,
  value: { cidrs?: string[] | null; ports?: number[] | null },
): Behavior | undefined {
  const { cidrs, ports } = value;
  if (cidrs === null || ports === null) return undefined;
  return {
    name,
    metric,
    criteria: criteria(comparisonOperator, { ...(cidrs && { cidrs }), ...(ports && { ports }) }),
    suppressAlerts: false,
  };
}

function criteria(
  comparisonOperator: string,
  value: CfnSecurityProfile.MetricValueProperty,
  durationSeconds?: number,
): CfnSecurityProfile.BehaviorCriteriaProperty {
  return {
    comparisonOperator,
    value,
    ...(durationSeconds !== undefined && { durationSeconds }),
    consecutiveDatapointsToAlarm: 1,
    consecutiveDatapointsToClear: TO_CLEAR,
  };
}
