import type {
  AddPermissionRequest,
  AddPermissionResponse,
  GetPolicyRequest,
  GetPolicyResponse,
  RemovePermissionRequest,
} from '@aws-sdk/client-lambda';
import type { Operation } from '../../../core/api.ts';
import { invalidParameter, resourceConflict, resourceNotFound } from '../errors.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { parseFunctionName } from '../function-name.ts';
import type { FunctionRunner } from '../function-runner.ts';
import { permissionStatement } from '../resource-policy.ts';

export function addPermission(functions: FunctionDirectory): Operation<AddPermissionRequest, AddPermissionResponse> {
  return {
    name: 'AddPermission',
    authorize: (input) => [
      {
        ...(functions.permissions('lambda:AddPermission', input.FunctionName)[0] as {
          action: string;
          resource: string;
        }),
        conditions: { 'lambda:Principal': input.Principal },
      },
    ],
    async handle(input) {
      const { account } = functions.context;
      if (parseFunctionName(input.FunctionName, account, input.Qualifier).qualifier === '$LATEST') {
        throw invalidParameter('We currently do not support adding policies for $LATEST.');
      }
      const runner = functions.require(input.FunctionName, input.Qualifier);
      const statement = permissionStatement(input, runner.record.arn);
      if (runner.record.policy.some(({ Sid }) => Sid === input.StatementId)) {
        throw resourceConflict(
          `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
        );
      }
      await functions.change(runner, { policy: [...runner.record.policy, statement] }, false);
      return { Statement: JSON.stringify(statement) };
    },
  };
}

export function removePermission(functions: FunctionDirectory): Operation<RemovePermissionRequest, object> {
  return {
    name: 'RemovePermission',
    authorize: (input) => functions.permissions('lambda:RemovePermission', input.FunctionName),
    async handle(input) {
      await removeStatement(functions, functions.require(input.FunctionName, input.Qualifier), input.StatementId ?? '');
      return {};
    },
  };
}

/** @throws AwsError `ResourceNotFoundException` */
export async function removeStatement(
  functions: FunctionDirectory,
  runner: FunctionRunner,
  sid: string,
): Promise<void> {
  const { policy } = runner.record;
  if (policy.length === 0) throw resourceNotFound('No policy is associated with the given resource.');
  const rest = policy.filter(({ Sid }) => Sid !== sid);
  if (rest.length === policy.length) throw resourceNotFound(`Statement ${sid} is not found in resource policy.`);
  await functions.change(runner, { policy: rest }, false);
}

export function getPolicy(functions: FunctionDirectory): Operation<GetPolicyRequest, GetPolicyResponse> {
  return {
    name: 'GetPolicy',
    authorize: (input) => functions.permissions('lambda:GetPolicy', input.FunctionName),
    handle(input) {
      const { record } = functions.require(input.FunctionName, input.Qualifier);
      if (record.policy.length === 0) throw resourceNotFound('The resource you requested does not exist.');
      return {
        Policy: JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: record.policy }),
        RevisionId: record.revisionId,
      };
    },
  };
}
