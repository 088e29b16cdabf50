import type { UpdateFailure } from '@fleetwright/contracts';

/** Why an update cannot be done: what the cloud is told. */
export class UpdateError extends Error {
  override readonly name = 'UpdateError';
  readonly code: UpdateFailure;
  constructor(code: UpdateFailure, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
