import type { LocalCloud, LocalCloudOptions } from './cloud.ts';
import type { DeviceTestOptions, DeviceTestOutcome } from './services/iot/device-advisor/run-device-tests.ts';

export type { ApiOperations, CloudWarning, LocalCloud, LocalCloudOptions, ResourceTypeSupport } from './cloud.ts';
export { CloudError, type CloudErrorCode } from './core/errors.ts';
export type { MeterName } from './core/meter.ts';
export type { CloudDescription } from './description.ts';
export type { CloudCommand, CloudReport } from './main.ts';
export { evaluateRule, type RuleTrial, type RuleTrialResult } from './rules/evaluate-rule.ts';
export {
  checkVector,
  contentBytes,
  type RuleVector,
  readVectors,
  trialOf,
  type VectorContent,
  type VectorFailure,
  VectorFileError,
} from './rules/rule-vectors.ts';
export { SelectionError } from './rules/sql/compile-selection.ts';
export { SqlError } from './rules/sql/sql-error.ts';
export { isSqlVersion, SQL_VERSIONS, type SqlVersion } from './rules/values/value.ts';
export type { TestResult } from './services/iot/device-advisor/device-test.ts';
export { DEVICE_TEST_IDS } from './services/iot/device-advisor/device-tests.ts';
export type { DeviceTestOptions, DeviceTestOutcome } from './services/iot/device-advisor/run-device-tests.ts';
export type { DeployStep } from './template/deploy-stack.ts';

/** The services are loaded when a cloud is started: evaluating a rule does not need them. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  const cloud = await import('./cloud.ts');
  return cloud.startLocalCloud(options);
}

/** Tests a device that connects to an endpoint of its own, as Device Advisor does. */
export async function testDevice(options: DeviceTestOptions): Promise<DeviceTestOutcome[]> {
  const { runDeviceTests } = await import('./services/iot/device-advisor/run-device-tests.ts');
  return runDeviceTests(options);
}
