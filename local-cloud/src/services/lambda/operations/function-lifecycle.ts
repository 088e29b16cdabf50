import type {
  CreateFunctionRequest,
  DeleteFunctionRequest,
  FunctionConfiguration,
  UpdateFunctionCodeRequest,
  UpdateFunctionConfigurationRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { functionArn, parseFunctionName } from '../function-name.ts';
import { applySettings, configurationOf } from '../function-settings.ts';

export function createFunction(functions: FunctionDirectory): Operation<CreateFunctionRequest, FunctionConfiguration> {
  const { account } = functions.context;
  return {
    name: 'CreateFunction',
    /** Developer guide, "Identity-based IAM policies for Lambda": the caller must be allowed to pass the role on. */
    authorize: (input) => [
      {
        action: 'lambda:CreateFunction',
        resource: functionArn(account, parseFunctionName(input.FunctionName, account).name),
      },
      ...passRole(input.Role),
    ],
    async handle(input, call) {
      const code = await functions.install(input.Code ?? {}, call.principal);
      return configurationOf(await functions.create(input, code));
    },
  };
}

export function updateFunctionConfiguration(
  functions: FunctionDirectory,
): Operation<UpdateFunctionConfigurationRequest, FunctionConfiguration> {
  return {
    name: 'UpdateFunctionConfiguration',
    authorize: (input) => [
      ...functions.permissions('lambda:UpdateFunctionConfiguration', input.FunctionName),
      ...passRole(input.Role),
    ],
    async handle(input) {
      const runner = functions.require(input.FunctionName);
      requireRevision(runner.record.revisionId, input.RevisionId);
      const settings = applySettings(runner.record, input, runner.record.name);
      return configurationOf(await functions.change(runner, settings, true));
    },
  };
}

export function updateFunctionCode(
  functions: FunctionDirectory,
): Operation<UpdateFunctionCodeRequest, FunctionConfiguration> {
  return {
    name: 'UpdateFunctionCode',
    authorize: (input) => functions.permissions('lambda:UpdateFunctionCode', input.FunctionName),
    async handle(input, call) {
      const runner = functions.require(input.FunctionName);
      requireRevision(runner.record.revisionId, input.RevisionId);
      if (input.Publish === true) throw new NotImplementedError('Lambda Publish (versions)');
      const code = await functions.install(input, call.principal);
      if (input.DryRun === true) return configurationOf({ ...runner.record, code });
      return configurationOf(await functions.change(runner, { code }, true));
    },
  };
}

export function deleteFunction(functions: FunctionDirectory): Operation<DeleteFunctionRequest, object> {
  return {
    name: 'DeleteFunction',
    authorize: (input) => functions.permissions('lambda:DeleteFunction', input.FunctionName),
    /** Event source mappings stay, as on AWS; their pollers report that the function is gone. */
    async handle(input) {
      const { qualifier } = parseFunctionName(input.FunctionName, functions.context.account, input.Qualifier);
      if (qualifier !== undefined) throw new NotImplementedError('Lambda DeleteFunction of a version');
      await functions.delete(functions.require(input.FunctionName));
      return {};
    },
  };
}

function passRole(role: string | undefined) {
  return role === undefined
    ? []
    : [{ action: 'iam:PassRole', resource: role, conditions: { 'iam:PassedToService': 'lambda.amazonaws.com' } }];
}

function requireRevision(current: string, expected: string | undefined): void {
  if (expected === undefined || expected === current) return;
  throw new AwsError(
    'PreconditionFailedException',
    'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
    412,
    { fields: { Type: 'User' } },
  );
}
