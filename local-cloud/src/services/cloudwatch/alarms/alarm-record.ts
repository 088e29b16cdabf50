import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';

export type StateValue = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA';
export type MissingDataTreatment = 'breaching' | 'notBreaching' | 'ignore' | 'missing';

export const COMPARISONS = {
  GreaterThanOrEqualToThreshold: (value: number, threshold: number) => value >= threshold,
  GreaterThanThreshold: (value: number, threshold: number) => value > threshold,
  LessThanThreshold: (value: number, threshold: number) => value < threshold,
  LessThanOrEqualToThreshold: (value: number, threshold: number) => value <= threshold,
} as const;
export type Comparison = keyof typeof COMPARISONS;

/** How an alarm was put, as PutMetricAlarm names it. */
export interface AlarmConfiguration {
  readonly name: string;
  readonly description?: string;
  readonly actionsEnabled: boolean;
  readonly okActions: readonly string[];
  readonly alarmActions: readonly string[];
  readonly insufficientDataActions: readonly string[];
  /** A single metric … */
  readonly metric?: {
    readonly namespace: string;
    readonly name: string;
    readonly dimensions: readonly { readonly Name: string; readonly Value: string }[];
    /** seconds */
    readonly period: number;
    readonly statistic?: string;
    readonly extendedStatistic?: string;
    readonly unit?: string;
  };
  /** … or metric math. */
  readonly queries?: readonly MetricDataQuery[];
  readonly evaluationPeriods: number;
  readonly datapointsToAlarm?: number;
  readonly threshold: number;
  readonly comparison: Comparison;
  readonly treatMissingData?: MissingDataTreatment;
  readonly evaluateLowSampleCountPercentile?: string;
}

/** An alarm as it is kept on disk. Times are ms since the epoch. */
export interface AlarmRecord {
  readonly arn: string;
  readonly configuration: AlarmConfiguration;
  readonly configuredAt: number;
  readonly state: StateValue;
  readonly reason: string;
  readonly reasonData?: string;
  /** When reason or value were last set … */
  readonly stateUpdatedAt: number;
  /** … and when the value changed. */
  readonly stateChangedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface HistoryItem {
  /** ms since the epoch */
  readonly time: number;
  readonly type: 'ConfigurationUpdate' | 'StateUpdate' | 'Action';
  readonly summary: string;
  readonly data: string;
}
