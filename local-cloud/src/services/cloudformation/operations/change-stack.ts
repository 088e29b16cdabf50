import type {
  DeleteStackInput,
  UpdateTerminationProtectionInput,
  UpdateTerminationProtectionOutput,
} from '@aws-sdk/client-cloudformation';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { allStacks, findStack, stackArn } from '../find-stack.ts';

/** Deleting stacks and protecting them from it (CloudFormation API reference). */
export function changeOperations(context: CloudContext): readonly Operation[] {
  const deleteStack: Operation<DeleteStackInput, Record<string, never>> = {
    name: 'DeleteStack',
    authorize: ({ StackName = '' }) => [
      { action: 'cloudformation:DeleteStack', resource: stackArn(context, StackName) },
    ],
    handle(input) {
      const { DeletionMode, RetainResources = [], RoleARN, StackName } = input;
      if (StackName === undefined || StackName === '') {
        throw new AwsError('ValidationError', 'StackName must not be empty', 400);
      }
      if (RoleARN !== undefined) throw new NotImplementedError('RoleARN of DeleteStack');
      if (DeletionMode !== undefined && DeletionMode !== 'STANDARD') {
        throw new NotImplementedError(`DeletionMode ${DeletionMode} of DeleteStack`);
      }
      // Deleting a stack that is gone is no error: the CLI and the CDK rely on it when they try again.
      const found = allStacks(context).find(
        ({ stackId, stackName, status }) =>
          status !== 'DELETE_COMPLETE' && (stackName === StackName || stackId === StackName),
      );
      if (found !== undefined) context.ports.find('stacks')?.delete(found.stackName, RetainResources);
      return {};
    },
  };
  const updateTerminationProtection: Operation<UpdateTerminationProtectionInput, UpdateTerminationProtectionOutput> = {
    name: 'UpdateTerminationProtection',
    authorize: ({ StackName = '' }) => [
      { action: 'cloudformation:UpdateTerminationProtection', resource: stackArn(context, StackName) },
    ],
    async handle({ EnableTerminationProtection, StackName = '' }) {
      const { stackId, stackName } = findStack(context, StackName);
      context.ports.find('stacks')?.protect(stackName, EnableTerminationProtection === true);
      await context.store.durable();
      return { StackId: stackId };
    },
  };
  return [deleteStack, updateTerminationProtection];
}
