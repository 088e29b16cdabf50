import type { ConnectionActivity, DeviceConnection } from '../../../../core/mqtt.ts';
import type { Datum } from './detect-records.ts';
import type { AwsMetric } from './metric-catalog.ts';
import type { MetricScope } from './metric-key.ts';

/** Topics whose match with a scope is remembered. */
const MAX_KEPT_TOPICS = 1024;

/** Messages and denials, all or those of some topics. */
class Counters {
  sent = 0;
  received = 0;
  denied = 0;
  bytes = 0;
  largest = 0;
  smallest = Number.POSITIVE_INFINITY;

  addSent(bytes: number): void {
    this.sent += 1;
    this.bytes += bytes;
    if (bytes > this.largest) this.largest = bytes;
    if (bytes < this.smallest) this.smallest = bytes;
  }

  reset(): void {
    this.sent = this.received = this.denied = this.bytes = this.largest = 0;
    this.smallest = Number.POSITIVE_INFINITY;
  }

  datum(metric: string): Datum | undefined {
    switch (metric as AwsMetric) {
      case 'aws:num-messages-sent':
        return { value: { count: this.sent } };
      case 'aws:num-messages-received':
        return { value: { count: this.received } };
      case 'aws:num-authorization-failures':
        return { value: { count: this.denied } };
      case 'aws:message-byte-size':
        if (this.sent === 0) return undefined;
        return { value: { count: this.largest }, sum: this.bytes, least: this.smallest };
      default:
        return undefined;
    }
  }
}

/** Topics that a dimension selects. */
export interface TopicScope {
  /** As `metricKey` of its metrics ends; several metrics share one scope. */
  readonly key: string;
  selects(topic: string): boolean;
}

/** What one client id did in the window that runs, over however many connections. */
export class DeviceWindow implements ConnectionActivity {
  readonly clientId: string;
  readonly #all = new Counters();
  #scoped: readonly { readonly scope: TopicScope; readonly counters: Counters }[] = [];
  #attempts = 0;
  #disconnects = 0;
  #open = 0;
  readonly #addresses = new Set<string>();
  #address: string | undefined;

  constructor(clientId: string, scopes: readonly TopicScope[]) {
    this.clientId = clientId;
    this.setScopes(scopes);
  }

  get isIdle(): boolean {
    return this.#open === 0;
  }

  setScopes(scopes: readonly TopicScope[]): void {
    this.#scoped = scopes.map((scope) => ({ scope, counters: new Counters() }));
  }

  attempted(): void {
    this.#attempts += 1;
  }

  refused(): void {
    this.#all.denied += 1;
  }

  connected(connection: DeviceConnection): void {
    this.#open += 1;
    this.#address = connection.sourceIp;
    this.#addresses.add(connection.sourceIp);
  }

  disconnected(): void {
    this.#open = Math.max(0, this.#open - 1);
    this.#disconnects += 1;
  }

  sent(topic: string, bytes: number): void {
    this.#all.addSent(bytes);
    if (this.#scoped.length === 0) return;
    for (const { scope, counters } of this.#scoped) if (scope.selects(topic)) counters.addSent(bytes);
  }

  received(topic: string): void {
    this.#all.received += 1;
    if (this.#scoped.length === 0) return;
    for (const { scope, counters } of this.#scoped) if (scope.selects(topic)) counters.received += 1;
  }

  denied(topic: string): void {
    this.#all.denied += 1;
    for (const { scope, counters } of this.#scoped) if (scope.selects(topic)) counters.denied += 1;
  }

  /** What was measured of a metric; undefined where there was nothing to measure. */
  datum(key: string, { metric, dimensionName }: MetricScope): Datum | undefined {
    if (dimensionName !== undefined) {
      return this.#scoped.find(({ scope }) => key.endsWith(scope.key))?.counters.datum(metric);
    }
    switch (metric as AwsMetric) {
      case 'aws:num-connection-attempts':
        return { value: { count: this.#attempts } };
      case 'aws:num-disconnects':
        return { value: { count: this.#disconnects } };
      case 'aws:source-ip-address':
        return this.#addresses.size === 0 ? undefined : { value: { cidrs: [...this.#addresses] } };
      default:
        return this.#all.datum(metric);
    }
  }

  /** The next window begins. */
  reset(): void {
    this.#all.reset();
    for (const { counters } of this.#scoped) counters.reset();
    this.#attempts = 0;
    this.#disconnects = 0;
    this.#addresses.clear();
    if (this.#open > 0 && this.#address !== undefined) this.#addresses.add(this.#address);
  }
}

/** A scope that remembers its answers: a device publishes to few topics. */
export function topicScope(key: string, matches: (topic: string) => boolean): TopicScope {
  const known = new Map<string, boolean>();
  return {
    key,
    selects(topic) {
      let answer = known.get(topic);
      if (answer === undefined) {
        answer = matches(topic);
        if (known.size >= MAX_KEPT_TOPICS) known.clear();
        known.set(topic, answer);
      }
      return answer;
    },
  };
}
