import type { ComparisonOperator, CustomMetricType, MetricValue } from '@aws-sdk/client-iot';

/** How the values of a metric are measured and compared. */
export type MetricKind =
  /** Counted anew in each report or window; added up over a behavior's duration. */
  | 'delta'
  /** Of each message by itself. */
  | 'message-size'
  /** What is so at the time of the report. */
  | 'gauge'
  | 'addresses'
  | 'ports'
  | 'numbers'
  | 'strings';

export interface MetricTraits {
  readonly source: 'cloud' | 'device' | 'custom';
  readonly kind: MetricKind;
  /** A dimension can narrow it to some topics. */
  readonly scopable?: true;
}

const cloud = (kind: MetricKind, scopable?: true): MetricTraits => ({
  source: 'cloud',
  kind,
  ...(scopable === undefined ? {} : { scopable }),
});
const device = (kind: MetricKind): MetricTraits => ({ source: 'device', kind });

/** Developer guide, `detect-cloud-side-metrics` and `detect-device-side-metrics`. */
const METRICS = {
  'aws:message-byte-size': cloud('message-size', true),
  'aws:num-messages-sent': cloud('delta', true),
  'aws:num-messages-received': cloud('delta', true),
  'aws:num-authorization-failures': cloud('delta', true),
  'aws:num-connection-attempts': cloud('delta'),
  'aws:num-disconnects': cloud('delta'),
  'aws:source-ip-address': cloud('addresses'),
  'aws:all-bytes-out': device('delta'),
  'aws:all-bytes-in': device('delta'),
  'aws:all-packets-out': device('delta'),
  'aws:all-packets-in': device('delta'),
  'aws:num-listening-tcp-ports': device('gauge'),
  'aws:num-listening-udp-ports': device('gauge'),
  'aws:num-established-tcp-connections': device('gauge'),
  'aws:destination-ip-addresses': device('addresses'),
  'aws:listening-tcp-ports': device('ports'),
  'aws:listening-udp-ports': device('ports'),
} as const satisfies Record<string, MetricTraits>;

export type AwsMetric = keyof typeof METRICS;

const CUSTOM_KINDS: Readonly<Record<CustomMetricType, MetricKind>> = {
  number: 'gauge',
  'number-list': 'numbers',
  'string-list': 'strings',
  'ip-address-list': 'addresses',
};

/** `customType` finds the type of a custom metric. Undefined for a name that is no metric. */
export function metricTraits(
  name: string,
  customType: (name: string) => CustomMetricType | undefined,
): MetricTraits | undefined {
  if (Object.hasOwn(METRICS, name)) return METRICS[name as AwsMetric];
  const type = customType(name);
  return type === undefined ? undefined : { source: 'custom', kind: CUSTOM_KINDS[type] };
}

const ORDERS: readonly ComparisonOperator[] = ['less-than', 'less-than-equals', 'greater-than', 'greater-than-equals'];

export function operatorsOf(kind: MetricKind): readonly ComparisonOperator[] {
  switch (kind) {
    case 'delta':
    case 'message-size':
    case 'gauge':
      return ORDERS;
    case 'addresses':
      return ['in-cidr-set', 'not-in-cidr-set'];
    case 'ports':
      return ['in-port-set', 'not-in-port-set'];
    case 'numbers':
    case 'strings':
      return ['in-set', 'not-in-set'];
  }
}

/** The member of a value that a metric is compared with, and reported in. */
export function valueMember({ source, kind }: MetricTraits): keyof MetricValue {
  switch (kind) {
    case 'delta':
    case 'message-size':
      return 'count';
    case 'gauge':
      return source === 'custom' ? 'number' : 'count';
    case 'addresses':
      return 'cidrs';
    case 'ports':
      return 'ports';
    case 'numbers':
      return 'numbers';
    case 'strings':
      return 'strings';
  }
}
