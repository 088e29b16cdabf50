import type { ModelManifest } from '@fleetwright/contracts';

/** What the pump model looks at. Its scaling comes from the training runs. */

export const PUMP_MODEL_NAME = 'pump-bearing';

export const PUMP_WINDOW: ModelManifest['window'] = {
  length: 600_000,
  step: 60_000,
  minSamples: 40,
  maxGap: 60_000,
};

export const PUMP_INPUTS = {
  vibration: { series: '{subject}_vibration' },
  speed: { series: '{subject}_speed' },
  flow: { series: '{subject}_flow' },
  pressure: { series: '{subject}_pressure' },
  temperature: { series: '{subject}_temperature' },
  power: { series: '{subject}_power' },
} as const satisfies ModelManifest['inputs'];

export const PUMP_FEATURES = [
  { of: 'vibration', kind: 'mean' },
  { of: 'vibration', kind: 'std' },
  { of: 'vibration', kind: 'max' },
  { of: 'vibration', kind: 'slope' },
  { of: 'speed', kind: 'mean' },
  { of: 'speed', kind: 'slope' },
  { of: 'flow', kind: 'mean' },
  { of: 'flow', kind: 'std' },
  { of: 'pressure', kind: 'mean' },
  { of: 'pressure', kind: 'std' },
  { of: 'temperature', kind: 'mean' },
  { of: 'temperature', kind: 'slope' },
  { of: 'power', kind: 'mean' },
] as const;

/** Place of the mean vibration among the features: what the simple threshold looks at. */
export const MEAN_VIBRATION = 0;

/** Of what is committed. Other content needs another version. */
export const PUMP_MODEL_VERSION = '1.0.0';
/** ms since the epoch; given, so that the same training gives the same manifest */
export const PUMP_MODEL_ISSUED_AT = Date.UTC(2026, 10, 21);
