/** Why a function gives up. `code` is stable and goes into logs and metrics. */
export type FunctionErrorCode =
  | 'ENVIRONMENT_INVALID'
  | 'EVENT_INVALID'
  | 'STORE_REFUSED'
  | 'RESPONSE_NOT_DELIVERED'
  | 'CLAIM_CONFLICT'
  | 'INDEXING_CONFLICT'
  | 'STATE_CONTENDED'
  | 'QUARANTINE_BUSY'
  | 'RELEASE_GONE'
  | 'PROFILE_CONFLICT'
  | 'SIGNING_FAILED'
  | 'ARTIFACT_DAMAGED'
  | 'VERSION_IS_TAKEN';

export class FunctionError extends Error {
  override readonly name = 'FunctionError';
  readonly code: FunctionErrorCode;
  constructor(code: FunctionErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** AWS's own name of an error (`ThrottlingException`), which SDK clients keep in `name`. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : '';
}
