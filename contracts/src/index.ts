export * from './channels.ts';
export * from './ingest.ts';
export * from './names.ts';
export * from './provisioning.ts';
export * from './telemetry.ts';
export * from './topics.ts';
