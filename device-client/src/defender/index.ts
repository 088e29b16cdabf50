export { DefenderFeature, type DefenderOptions } from './defender-feature.ts';
export { type MetricFile, metricFileSchema, readMetric } from './metric-file.ts';
export { linuxNetwork, type NetworkSnapshot, type NetworkSource } from './network-source.ts';
