import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { FunctionDirectory } from '../function-directory.ts';
import { removeStatement } from '../operations/permissions.ts';
import { permissionStatement } from '../resource-policy.ts';

export interface PermissionProperties {
  Action: string;
  FunctionName: string;
  Principal: string;
  SourceArn?: string;
  SourceAccount?: string;
  EventSourceToken?: string;
  PrincipalOrgID?: string;
}

/** AWS::Lambda::Permission: every change is a replacement. */
export function permissionResource(functions: FunctionDirectory): ResourceProvider<PermissionProperties> {
  const properties = [
    'Action',
    'FunctionName',
    'Principal',
    'SourceArn',
    'SourceAccount',
    'EventSourceToken',
    'PrincipalOrgID',
  ];
  return {
    type: 'AWS::Lambda::Permission',
    replaceOn: properties,
    properties,
    async create(input, scope) {
      const runner = functions.require(input.FunctionName);
      const id = scope.generateName(100).replaceAll(/[^a-zA-Z0-9_-]/g, '-');
      const statement = permissionStatement({ ...input, StatementId: id }, runner.record.arn);
      await functions.change(runner, { policy: [...runner.record.policy, statement] }, false);
      return { physicalId: id, attributes: { Id: id } };
    },
    async update(_input, _previous, state) {
      return state;
    },
    /** A function that went first has taken its policy along. */
    async delete(state, input) {
      try {
        await removeStatement(functions, functions.require(input.FunctionName), state.physicalId);
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
      }
    },
  };
}
