import type {
  AlertTarget,
  Behavior,
  CustomMetricType,
  DimensionType,
  MetricToRetain,
  MetricValue,
  VerificationState,
  ViolationEventType,
} from '@aws-sdk/client-iot';

/** Records of Detect as they are kept. Times are ms since the epoch. */

export interface SecurityProfileRecord {
  readonly name: string;
  readonly description?: string;
  readonly behaviors: readonly Behavior[];
  readonly alertTarget?: AlertTarget;
  readonly metricsToRetain: readonly MetricToRetain[];
  /** As `additionalMetricsToRetain` gave them, before there were dimensions. */
  readonly plainMetricsToRetain: readonly string[];
  readonly version: number;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

export interface CustomMetricRecord {
  readonly name: string;
  readonly type: CustomMetricType;
  readonly displayName?: string;
  readonly clientRequestToken?: string;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

export interface DimensionRecord {
  readonly name: string;
  readonly type: DimensionType;
  readonly stringValues: readonly string[];
  readonly clientRequestToken?: string;
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

export interface ActiveAlarm {
  readonly violationId: string;
  readonly startTime: number;
  readonly lastTime: number;
  readonly lastValue: MetricValue;
}

/** Where one device stands with one behavior of one profile. */
export interface AlarmRecord {
  readonly profileName: string;
  readonly behavior: Behavior;
  readonly thingName: string;
  /** Data points in a row that violate the behavior, or that conform to it. */
  readonly violating: number;
  readonly conforming: number;
  readonly lastSeen: number;
  readonly active?: ActiveAlarm;
}

export interface ViolationEventRecord {
  readonly id: string;
  readonly violationId: string;
  readonly profileName: string;
  readonly behavior: Behavior;
  readonly thingName: string;
  readonly type: ViolationEventType;
  readonly time: number;
  readonly value?: MetricValue;
}

export interface VerificationRecord {
  readonly state: VerificationState;
  readonly description?: string;
}

/** One measurement of one metric of one device. Messages keep how their sizes spread. */
export interface Datum {
  readonly value: MetricValue;
  readonly sum?: number;
  readonly least?: number;
}
