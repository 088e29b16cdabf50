/** States of a job execution (developer guide, `iot-jobs-lifecycle`). */
export type ExecutionStatus =
  | 'QUEUED'
  | 'IN_PROGRESS'
  | 'SUCCEEDED'
  | 'FAILED'
  | 'TIMED_OUT'
  | 'REJECTED'
  | 'REMOVED'
  | 'CANCELED';

export const EXECUTION_STATUSES: readonly ExecutionStatus[] = [
  'QUEUED',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'REJECTED',
  'REMOVED',
  'CANCELED',
];

/** What a device may report (`jobs-mqtt-api`, UpdateJobExecution). */
export const DEVICE_STATUSES = ['IN_PROGRESS', 'FAILED', 'SUCCEEDED', 'REJECTED'] as const;
export type DeviceStatus = (typeof DEVICE_STATUSES)[number];

export function isDeviceStatus(status: unknown): status is DeviceStatus {
  return (DEVICE_STATUSES as readonly unknown[]).includes(status);
}

export function isTerminal(status: ExecutionStatus): boolean {
  return status !== 'QUEUED' && status !== 'IN_PROGRESS';
}

/** "You cannot update the status of a job execution that is already in a terminal state" (`jobs-workflow-jobs-online`). */
export function mayBecome(from: ExecutionStatus, to: ExecutionStatus): boolean {
  return !isTerminal(from) && to !== 'QUEUED';
}
