import type { Behavior, CustomMetricType, MetricValue } from '@aws-sdk/client-iot';
import { WINDOW } from '../limits.ts';
import type { DeviceWindow } from './activity-windows.ts';
import type { Alarms } from './alarms.ts';
import { isInOrder, percentile } from './criteria.ts';
import type { Datum, SecurityProfileRecord } from './detect-records.ts';
import { accumulated, judgeStatic } from './measurement.ts';
import { type MetricTraits, metricTraits, valueMember } from './metric-catalog.ts';
import type { MetricHistory } from './metric-history.ts';
import { metricKey, parseMetricKey } from './metric-key.ts';

export interface DetectorEnvironment {
  readonly history: MetricHistory;
  readonly alarms: Alarms;
  customType(name: string): CustomMetricType | undefined;
  /** Profiles that apply to a device. */
  profilesOf(thingName: string): readonly SecurityProfileRecord[];
}

/** Keeps what profiles ask for, and judges it. */
export class Detector {
  readonly #environment: DetectorEnvironment;

  constructor(environment: DetectorEnvironment) {
    this.#environment = environment;
  }

  /** "Behavior profiles are evaluated upon receipt of metrics data for your device." */
  reported(thingName: string, at: number, values: ReadonlyMap<string, MetricValue>): void {
    const { history } = this.#environment;
    const profiles = this.#environment.profilesOf(thingName);
    const kept = retained(profiles);
    for (const [metric, value] of values) if (kept.has(metric)) history.append(thingName, metric, at, { value });
    this.#judgeStatic(thingName, profiles, at, (behavior) => values.has(behavior.metric ?? ''));
  }

  /** Five minutes have passed: the cloud's own metrics are kept and judged, and statistics of all metrics. */
  windowEnded(at: number, windows: Iterable<DeviceWindow>): void {
    for (const window of windows) this.#keep(window, at);
    const thresholds = new Map<string, number | undefined>();
    for (const thingName of this.#seenSince(at - WINDOW, at)) this.#judgeStatistics(thingName, at, thresholds);
    this.#environment.alarms.invalidateSilent(at);
  }

  #keep(window: DeviceWindow, at: number): void {
    const { history } = this.#environment;
    const profiles = this.#environment.profilesOf(window.clientId);
    const kept = new Set<string>();
    for (const key of retained(profiles)) {
      const datum: Datum | undefined = window.datum(key, parseMetricKey(key));
      if (datum === undefined) continue;
      history.append(window.clientId, key, at, datum);
      kept.add(key);
    }
    this.#judgeStatic(window.clientId, profiles, at, (behavior) => kept.has(keyOf(behavior)));
  }

  #judgeStatic(
    thingName: string,
    profiles: readonly SecurityProfileRecord[],
    at: number,
    concerns: (behavior: Behavior) => boolean,
  ): void {
    const { history, alarms } = this.#environment;
    for (const profile of profiles) {
      for (const behavior of profile.behaviors) {
        const traits = this.#traits(behavior);
        if (traits === undefined || behavior.criteria === undefined || !concerns(behavior)) continue;
        const series = { history, key: keyOf(behavior), traits };
        const outcome = judgeStatic(series, thingName, behavior.criteria, at);
        if (outcome !== undefined) alarms.judge({ profileName: profile.name, behavior, thingName, at, ...outcome });
      }
    }
  }

  /**
   * The fleet's measurements of one duration give the threshold; "After that, measurements are collected for a device and
   * accumulated over the same duration" and compared with it.
   */
  #judgeStatistics(thingName: string, at: number, thresholds: Map<string, number | undefined>): void {
    const { history, alarms } = this.#environment;
    for (const profile of this.#environment.profilesOf(thingName)) {
      for (const behavior of profile.behaviors) {
        const { statisticalThreshold, comparisonOperator, durationSeconds } = behavior.criteria ?? {};
        const traits = this.#traits(behavior);
        if (traits === undefined || statisticalThreshold === undefined || comparisonOperator === undefined) continue;
        const series = { history, key: keyOf(behavior), traits };
        if (history.range(thingName, series.key, at - WINDOW, at).length === 0) continue;
        const duration = (durationSeconds ?? WINDOW / 1000) * 1000;
        const measured = accumulated(series, thingName, at - duration, at);
        const own = `${profile.name}/${behavior.name}`;
        if (!thresholds.has(own)) {
          const fleet = this.#fleet(series, profile.name, at - 2 * duration, at - duration);
          thresholds.set(own, percentile(fleet, Number(statisticalThreshold.statistic?.slice(1))));
        }
        const threshold = thresholds.get(own);
        if (measured === undefined || threshold === undefined) continue;
        const value: MetricValue = { [valueMember(traits)]: measured };
        const conforms = isInOrder(comparisonOperator, measured, threshold);
        alarms.judge({ profileName: profile.name, behavior, thingName, value, conforms, at });
      }
    }
  }

  #fleet(
    series: { history: MetricHistory; key: string; traits: MetricTraits },
    profileName: string,
    from: number,
    until: number,
  ): number[] {
    const values: number[] = [];
    for (const thingName of series.history.devices(series.key)) {
      if (!this.#environment.profilesOf(thingName).some(({ name }) => name === profileName)) continue;
      const value = accumulated(series, thingName, from, until);
      if (value !== undefined) values.push(value);
    }
    return values;
  }

  /** Devices with data of any metric in a period. */
  #seenSince(from: number, until: number): Set<string> {
    const { history } = this.#environment;
    const seen = new Set<string>();
    for (const key of history.metricKeys()) {
      for (const thingName of history.devices(key)) {
        if (!seen.has(thingName) && history.range(thingName, key, from, until).length > 0) seen.add(thingName);
      }
    }
    return seen;
  }

  #traits({ metric }: Behavior): MetricTraits | undefined {
    return metric === undefined ? undefined : metricTraits(metric, this.#environment.customType);
  }
}

function keyOf({ metric, metricDimension }: Behavior): string {
  return metricKey(metric ?? '', metricDimension);
}

/** "By default, data is retained for any metric used in the profile's behaviors, but it's also retained for any metric specified". */
export function retained(profiles: readonly SecurityProfileRecord[]): Set<string> {
  const keys = new Set<string>();
  for (const { behaviors, metricsToRetain, plainMetricsToRetain } of profiles) {
    for (const behavior of behaviors) if (behavior.metric !== undefined) keys.add(keyOf(behavior));
    for (const { metric, metricDimension } of metricsToRetain) keys.add(metricKey(metric ?? '', metricDimension));
    for (const metric of plainMetricsToRetain) keys.add(metric);
  }
  return keys;
}
