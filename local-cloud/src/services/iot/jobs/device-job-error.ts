import type { ExecutionRecord } from './records.ts';

/** Codes of the jobs MQTT API (developer guide, `jobs-api`, "ErrorResponse"). */
export type DeviceJobErrorCode =
  | 'InvalidTopic'
  | 'InvalidJson'
  | 'InvalidRequest'
  | 'InvalidStateTransition'
  | 'ResourceNotFound'
  | 'VersionMismatch'
  | 'InternalError'
  | 'RequestThrottled'
  | 'TerminalStateReached';

/** Why a device's request was refused, before it is put in the words of MQTT or HTTP. */
export class DeviceJobError extends Error {
  override readonly name = 'DeviceJobError';
  readonly code: DeviceJobErrorCode;
  /** Set for `InvalidStateTransition` and `VersionMismatch`, whose answers tell where the execution stands. */
  readonly execution: ExecutionRecord | undefined;

  constructor(code: DeviceJobErrorCode, message: string, execution?: ExecutionRecord) {
    super(message);
    this.code = code;
    this.execution = execution;
  }
}

export function invalidDeviceRequest(message: string): DeviceJobError {
  return new DeviceJobError('InvalidRequest', message);
}
