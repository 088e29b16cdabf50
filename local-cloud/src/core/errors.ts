/**
 * An error as an AWS API answers it. `code` is AWS's own name (`ResourceNotFoundException`),
 * `statusCode` its HTTP status, `fields` the modelled members besides the message.
 */
export class AwsError extends Error {
  override readonly name = 'AwsError';
  readonly code: string;
  readonly statusCode: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    statusCode = 400,
    options: { cause?: unknown; fields?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.statusCode = statusCode;
    this.fields = options.fields ?? {};
  }
}

/** Thrown where an AWS feature is not built: the loud refusal that replaces a wrong answer. */
export class NotImplementedError extends AwsError {
  constructor(what: string) {
    super('NotImplemented', `${what} is not implemented by the local cloud`, 501);
  }
}

/** The cloud cannot start or go on: bad template, port in use, data directory not writable. */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly code: CloudErrorCode;
  constructor(code: CloudErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}

export type CloudErrorCode =
  | 'PORT_IN_USE'
  | 'DATA_DIRECTORY_LOCKED'
  | 'DATA_DIRECTORY_UNUSABLE'
  | 'ASSEMBLY_INVALID'
  | 'RESOURCE_TYPE_UNKNOWN'
  | 'REFERENCE_DANGLING'
  | 'RESOURCE_FAILED'
  | 'PORT_UNPROVIDED';

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
