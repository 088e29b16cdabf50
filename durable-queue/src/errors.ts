export type QueueErrorCode =
  /** An option or argument is out of its range. */
  | 'INPUT_INVALID'
  /** Another live instance holds the directory. */
  | 'LOCKED'
  /** The directory cannot be made, listed or read. */
  | 'DIRECTORY_UNUSABLE'
  /** The item could not be brought to disk, for another reason than a lack of space. It may or may not be there. */
  | 'WRITE_FAILED'
  /** More channels have a backlog than `maxChannels` allows. */
  | 'TOO_MANY_CHANNELS'
  | 'CLOSED';

export class QueueError extends Error {
  override readonly name = 'QueueError';
  readonly code: QueueErrorCode;
  constructor(code: QueueErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The operating system's code of a failed call, such as `ENOSPC`. */
export function systemCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** The disk, or this user's share of it, is full. */
export function isNoSpace(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}
