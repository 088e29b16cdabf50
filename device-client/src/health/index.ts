export { HealthFeature, type HealthOptions } from './health-feature.ts';
export type { HealthReading, HealthSource } from './health-source.ts';
export { type LinuxHealthOptions, linuxHealth } from './linux-health.ts';
