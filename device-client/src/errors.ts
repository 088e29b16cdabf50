export type DeviceErrorCode =
  /** The claim certificate or the endpoint was refused. */
  | 'CONNECT_REFUSED'
  | 'CONNECT_TIMEOUT'
  /** The cloud answered a provisioning request with an error: not retried unless it is of a passing kind. */
  | 'PROVISIONING_REFUSED'
  | 'PROVISIONING_FAILED'
  /** A device without identity was started without claim credentials. */
  | 'NOT_PROVISIONED'
  | 'STATE_UNUSABLE'
  | 'QUEUE_FULL'
  | 'STOPPED'
  | 'INPUT_INVALID';

export class DeviceError extends Error {
  override readonly name = 'DeviceError';
  readonly code: DeviceErrorCode;
  constructor(code: DeviceErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
