export { type BackoffPolicy, backoffDelay } from './backoff.ts';
export { type DeviceClock, systemClock } from './clock.ts';
export { type CommandExecution, type CommandHandler, commandHandler } from './commands/command-handler.ts';
export { CommandsFeature, type CommandsOptions } from './commands/commands-feature.ts';
export type { ConnectionOptions, LastWill, TokenKey } from './connection/connection-options.ts';
export { MqttConnection } from './connection/mqtt-connection.ts';
export type { ProxySettings } from './connection/proxy-tunnel.ts';
export { createDevice, Device, type DeviceEvents, type DeviceOptions, type StartOptions } from './device.ts';
export { DeviceError, type DeviceErrorCode } from './errors.ts';
export type { DeviceFeature, DeviceLink, DeviceLog, FeatureContext, Subscription } from './feature.ts';
export { type DeviceIdentity, IdentityStore } from './identity/identity-store.ts';
export { certificateSigningRequest, generatePrivateKey } from './identity/key-pair.ts';
export type { CloudEndpoint } from './identity/provisioning-service.ts';
export type { RotationOutcome, RotationRecord } from './identity/rotation-record.ts';
export type { TokenOptions } from './identity/token-key-store.ts';
export { type ConfigurationPort, configureHandler } from './jobs/handlers/configure.ts';
export { linuxMachine, type MachinePort, rebootHandler } from './jobs/handlers/reboot.ts';
export { type RotationPort, rotateCertificateHandler } from './jobs/handlers/rotate-certificate.ts';
export { runScriptHandler } from './jobs/handlers/run-script.ts';
export { type LogSource, uploadLogsHandler } from './jobs/handlers/upload-logs.ts';
export {
  type AnyJobHandler,
  type JobDetails,
  type JobExecution,
  type JobHandler,
  type JobResult,
  JobStopped,
} from './jobs/job-handler.ts';
export type { JobsEvents } from './jobs/jobs-events.ts';
export { JobsFeature, type JobsOptions } from './jobs/jobs-feature.ts';
export { CloudTime } from './replay/cloud-time.ts';
export { ReplayGuard, type ReplayGuardOptions } from './replay/replay-guard.ts';
export { type PumpStationOptions, pumpStation } from './sensors/pump-station.ts';
export { seededRandom, seedOf } from './sensors/random.ts';
export { parseCsv, type ReplayOptions, replay } from './sensors/replay.ts';
export type { HealthReading, SensorSet, Values } from './sensors/sensor-set.ts';
export { Fleet, type FleetCounts, type FleetOptions } from './simulation/fleet.ts';
export { type DeviceRun, type DeviceRunOptions, runDevice } from './simulation/run-device.ts';
export { StateDirectory } from './state-directory.ts';
export { type SettingHandler, type SettingHandlers, settingHandler } from './twin/settings-handler.ts';
export { type ShadowOptions, TwinFeature, type TwinOptions } from './twin/twin-feature.ts';
