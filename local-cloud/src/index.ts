export { type CloudWarning, type LocalCloud, type LocalCloudOptions, startLocalCloud } from './cloud.ts';
export { CloudError, type CloudErrorCode } from './core/errors.ts';
export type { MeterName } from './core/meter.ts';
export type { CloudDescription } from './description.ts';
export type { CloudCommand, CloudReport } from './main.ts';
export type { DeployStep } from './template/deploy-stack.ts';
