export type DeviceErrorCode =
  /** The claim certificate or the endpoint was refused. */
  | 'CONNECT_REFUSED'
  | 'CONNECT_TIMEOUT'
  | 'NOT_CONNECTED'
  /** The broker answered with a reason code of 0x80 or above. */
  | 'PUBLISH_REFUSED'
  | 'SUBSCRIBE_REFUSED'
  /** The private key, or the token that holds it, cannot be used. */
  | 'KEY_UNUSABLE'
  /** The private key never leaves its token. */
  | 'KEY_ON_TOKEN'
  /** The device does not know the time well enough for TLS. */
  | 'CLOCK_WRONG'
  /** The platform refused a new certificate, or it did not work. */
  | 'ROTATION_FAILED'
  /** Another process uses the state directory. */
  | 'LOCKED'
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
