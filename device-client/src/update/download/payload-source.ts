/**
 * - `EXPIRED`: the server does not let us in (any more): the job is asked for a new URL.
 * - `UNREACHABLE`: nothing came, or it broke off: the same may work later.
 * - `DIFFERENT`: what is offered is not what the manifest describes, by its size.
 */
export type SourceErrorCode = 'EXPIRED' | 'UNREACHABLE' | 'DIFFERENT';

export class SourceError extends Error {
  override readonly name = 'SourceError';
  readonly code: SourceErrorCode;
  constructor(code: SourceErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

/** Where a file of an update comes from. */
export interface PayloadSource {
  /**
   * The bytes from `from` up to `to` (exclusive), in order. Ends early where the transport does.
   * @throws SourceError
   */
  read(from: number, to: number, signal: AbortSignal): AsyncIterable<Uint8Array>;
}
