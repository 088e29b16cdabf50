import { AwsError } from '../../core/errors.ts';

/** Athena API reference, "InvalidRequestException": the codes are those of its member AthenaErrorCode. */
export function invalidRequest(message: string, code = 'INVALID_INPUT'): AwsError {
  return new AwsError('InvalidRequestException', message, 400, { fields: { AthenaErrorCode: code } });
}

/** Why a query ends as FAILED: `StateChangeReason` of its status. */
export class QueryFailure extends Error {
  override readonly name = 'QueryFailure';
  /** "AthenaError", ErrorCategory: 1 system, 2 user, 3 other. */
  readonly category: 1 | 2 | 3;

  constructor(message: string, category: 1 | 2 | 3 = 2, cause?: unknown) {
    super(message, { cause });
    this.category = category;
  }
}

/**
 * A query would read more than its workgroup allows: "If any query that runs in the workgroup exceeds the limit, it is
 * canceled" (Athena user guide, "Set data usage control limits"). Objects count whole here, on AWS the columns in use.
 */
export class ScanLimitExceeded extends Error {
  override readonly name = 'ScanLimitExceeded';
  constructor() {
    super('Bytes scanned limit was exceeded');
  }
}
