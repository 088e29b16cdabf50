export type IpcErrorCode =
  /** Bytes that are no frame, or a frame beyond the limits. */
  | 'FRAME_INVALID'
  /** A frame that the protocol does not allow here. */
  | 'PROTOCOL_VIOLATED'
  /** The socket cannot be made. */
  | 'SOCKET_UNUSABLE';

export class IpcError extends Error {
  override readonly name = 'IpcError';
  readonly code: IpcErrorCode;

  constructor(code: IpcErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
