import * as z from 'zod';
import { type NamedShadow, type ShadowSection, shadowSectionSchema } from '../shadows.ts';
import type { TelemetryAlert } from './evaluate-rules.ts';

export const MAX_HORIZON_SECONDS = 604_800;

/** What the what-if function is invoked with. */
export const whatIfRequestSchema = z.strictObject({
  thingName: z.string().min(1).max(128),
  /** As in a request to the shadow: null takes a value back. */
  desired: shadowSectionSchema.refine((section) => Object.keys(section).length > 0, 'must ask for something'),
  horizonSeconds: z.int().min(1).max(MAX_HORIZON_SECONDS),
  /** Surroundings other than the usual ones of the model. */
  conditions: z.record(z.string(), z.number()).default({}),
});

export type WhatIfRequest = z.infer<typeof whatIfRequestSchema>;

export interface PredictedSetting {
  readonly setting: string;
  readonly from: number;
  readonly to: number;
  /** When the device reports it; undefined: it refuses, for the reason given. */
  readonly afterSeconds?: number;
  readonly refused?: string;
}

export interface PredictedMeasure {
  readonly measure: string;
  readonly unit?: string;
  readonly now: number;
  /** What the model does not explain of where the measure stands; undefined where no sample tells. */
  readonly unexplained?: number;
  readonly end: number;
  /** At the end if nothing were sent. */
  readonly endWithout: number;
  readonly least: { readonly value: number; readonly afterSeconds: number };
  readonly most: { readonly value: number; readonly afterSeconds: number };
  /** `[seconds, value]`, thinned out */
  readonly series: readonly (readonly [number, number])[];
}

export interface PredictedExcess {
  readonly measure: string;
  readonly bound: 'min' | 'max';
  readonly limit: number;
  readonly worst: number;
  readonly afterSeconds: number;
  /** It comes to that without the change, too. */
  readonly alsoWithout: boolean;
}

export interface PredictedAlert extends Pick<TelemetryAlert, 'rule' | 'state' | 'value' | 'limit'> {
  readonly kind: 'telemetry' | 'drift';
  readonly severity: TelemetryAlert['severity'];
  readonly measure?: string;
  readonly afterSeconds: number;
  readonly alsoWithout: boolean;
}

export interface WhatIf {
  readonly thingName: string;
  readonly deviceType: string;
  /** ms since the epoch */
  readonly at: number;
  readonly horizonSeconds: number;
  /** Nothing of it is sent. */
  readonly wouldSend: {
    readonly shadow: NamedShadow;
    readonly request: { readonly state: { readonly desired: ShadowSection } };
    /** What the device would then be told. */
    readonly delta: ShadowSection;
    /** Version that the shadow has now; undefined: there is none. */
    readonly version?: number;
  };
  readonly settings: readonly PredictedSetting[];
  readonly measures: readonly PredictedMeasure[];
  readonly excesses: readonly PredictedExcess[];
  readonly alerts: readonly PredictedAlert[];
  /** What this does not know or cannot tell. */
  readonly notes: readonly string[];
}

/** What the function answers. */
export type WhatIfResult =
  | ({ readonly ok: true } & WhatIf)
  | {
      readonly ok: false;
      readonly reason: 'INVALID' | 'UNKNOWN_THING' | 'NOT_A_DEVICE' | 'NO_MODEL' | 'MODEL_DIVERGES';
      readonly message: string;
    };
