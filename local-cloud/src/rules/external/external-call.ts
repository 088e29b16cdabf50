import type { Numbers } from '../values/numbers.ts';
import type { SqlValue } from '../values/value.ts';

/** Functions of the rule SQL that ask a service (developer guide, `iot-sql-functions`). */
export const EXTERNAL_FUNCTION_NAMES = [
  'aws_lambda',
  'get_dynamodb',
  'get_registry_data',
  'get_secret',
  'get_thing_shadow',
] as const;

export type ExternalFunction = (typeof EXTERNAL_FUNCTION_NAMES)[number];

/** One call, its arguments evaluated. */
export interface ExternalCall {
  readonly name: ExternalFunction;
  /** Without the role. */
  readonly args: readonly SqlValue[];
  /** Absent for `aws_lambda`, which the function's own policy allows. */
  readonly roleArn: string | undefined;
  readonly numbers: Numbers;
}

/** Answers the calls of one rule. */
export interface ExternalServices {
  /** @throws AwsError of the service, ExternalFunctionError */
  call(call: ExternalCall): Promise<SqlValue>;
}

/** A call whose arguments or answer cannot be used: the rule is not carried out for this message. */
export class ExternalFunctionError extends Error {
  override readonly name = 'ExternalFunctionError';

  constructor(name: ExternalFunction, problem: string, options: { cause?: unknown } = {}) {
    super(`${name}(): ${problem}`, options.cause === undefined ? undefined : { cause: options.cause });
  }
}

/** What a text asks of services, found out while it is compiled. */
export class ExternalUses {
  /** Why such functions are refused here; undefined where they may stand. */
  readonly refusal: string | undefined;
  readonly roles = new Set<string>();
  any = false;

  constructor(refusal: string | undefined) {
    this.refusal = refusal;
  }
}
