import type {
  DeleteFunctionConcurrencyRequest,
  GetFunctionConcurrencyRequest,
  GetFunctionConcurrencyResponse,
  PutFunctionConcurrencyRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { invalidParameter, validationError } from '../errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { parseFunctionName } from '../function-name.ts';
import type { FunctionRunner } from '../function-runner.ts';

/** Account quota of concurrent executions, of which 100 stay unreserved (developer guide, "Lambda quotas"). */
const MAX_RESERVED = 900;

export function concurrencyOperations(functions: FunctionDirectory): Operation[] {
  const put: Operation<PutFunctionConcurrencyRequest, GetFunctionConcurrencyResponse> = {
    name: 'PutFunctionConcurrency',
    authorize: (input) => functions.permissions('lambda:PutFunctionConcurrency', input.FunctionName),
    async handle(input) {
      const runner = unqualified(functions, input.FunctionName);
      const reserved = checkReservedConcurrency(input.ReservedConcurrentExecutions);
      await functions.change(runner, { reservedConcurrency: reserved }, false);
      return { ReservedConcurrentExecutions: reserved };
    },
  };
  const get: Operation<GetFunctionConcurrencyRequest, GetFunctionConcurrencyResponse> = {
    name: 'GetFunctionConcurrency',
    authorize: (input) => functions.permissions('lambda:GetFunctionConcurrency', input.FunctionName),
    handle(input) {
      const { reservedConcurrency } = unqualified(functions, input.FunctionName).record;
      return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
    },
  };
  const remove: Operation<DeleteFunctionConcurrencyRequest, object> = {
    name: 'DeleteFunctionConcurrency',
    authorize: (input) => functions.permissions('lambda:DeleteFunctionConcurrency', input.FunctionName),
    async handle(input) {
      await functions.change(unqualified(functions, input.FunctionName), { reservedConcurrency: undefined }, false);
      return {};
    },
  };
  return [put, get, remove];
}

export function checkReservedConcurrency(value: number | undefined): number {
  if (value === undefined || !Number.isInteger(value) || value < 0) {
    throw validationError(value, 'reservedConcurrentExecutions', 'Member must have value greater than or equal to 0');
  }
  if (value > MAX_RESERVED) {
    throw invalidParameter(
      "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    );
  }
  return value;
}

function unqualified(functions: FunctionDirectory, name: string | undefined): FunctionRunner {
  if (parseFunctionName(name, functions.context.account).qualifier !== undefined) {
    throw invalidParameter(
      'This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.',
    );
  }
  return functions.require(name);
}
