import type {
  FunctionConfiguration,
  GetFunctionConfigurationRequest,
  GetFunctionRequest,
  GetFunctionResponse,
  ListFunctionsRequest,
  ListFunctionsResponse,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { configurationOf } from '../function-settings.ts';
import { page } from '../page.ts';

export function getFunction(functions: FunctionDirectory): Operation<GetFunctionRequest, GetFunctionResponse> {
  return {
    name: 'GetFunction',
    authorize: (input) => functions.permissions('lambda:GetFunction', input.FunctionName),
    /** Without `Code.Location`: the local cloud has no download address for packages. */
    handle(input) {
      const { record } = functions.require(input.FunctionName, input.Qualifier);
      const { reservedConcurrency } = record;
      return {
        Configuration: configurationOf(record),
        Code: { RepositoryType: 'S3' },
        Tags: Object.keys(record.tags).length === 0 ? undefined : { ...record.tags },
        Concurrency:
          reservedConcurrency === undefined ? undefined : { ReservedConcurrentExecutions: reservedConcurrency },
      };
    },
  };
}

export function getFunctionConfiguration(
  functions: FunctionDirectory,
): Operation<GetFunctionConfigurationRequest, FunctionConfiguration> {
  return {
    name: 'GetFunctionConfiguration',
    authorize: (input) => functions.permissions('lambda:GetFunctionConfiguration', input.FunctionName),
    handle: (input) => configurationOf(functions.require(input.FunctionName, input.Qualifier).record),
  };
}

export function listFunctions(functions: FunctionDirectory): Operation<ListFunctionsRequest, ListFunctionsResponse> {
  return {
    name: 'ListFunctions',
    authorize: () => [{ action: 'lambda:ListFunctions', resource: '*' }],
    handle(input) {
      const { items, next } = page(functions.all(), (record) => record.name, input, 50);
      return { Functions: items.map(configurationOf), NextMarker: next };
    },
  };
}
