/** An operation of Greengrass IPC that did not go well, told in one line: the SDK hides the reason in members of its error. */
export class IpcFailure extends Error {
  override readonly name = 'IpcFailure';
  /** The component's `accessControl` does not allow it: trying again is no use. */
  readonly denied: boolean;
  /** What was asked for is not there. */
  readonly missing: boolean;

  constructor(operation: string, cause: unknown) {
    const { serviceError } = cause as { serviceError?: { message?: string; resourceName?: string } };
    const reason = serviceError?.message ?? (cause instanceof Error ? cause.message : String(cause));
    super(`${operation}: ${reason}`, { cause });
    this.denied = /not authorized|unauthorized/i.test(reason);
    this.missing = /not found|no shadow/i.test(reason) || serviceError?.resourceName !== undefined;
  }
}

/** @throws IpcFailure */
export async function tell<T>(operation: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw new IpcFailure(operation, error);
  }
}
