import type {
  DescribeStackResourcesInput,
  DescribeStackResourcesOutput,
  DescribeStacksInput,
  DescribeStacksOutput,
  ListStackResourcesInput,
  ListStackResourcesOutput,
  ListStacksInput,
  ListStacksOutput,
  Stack,
} from '@aws-sdk/client-cloudformation';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { StackView } from '../../../core/stacks.ts';
import { allStacks, findStack, stackArn } from '../find-stack.ts';

/** Stacks and their resources (CloudFormation API reference). A local account's lists fit into one page. */
export function describeOperations(context: CloudContext): readonly Operation[] {
  const describeStacks: Operation<DescribeStacksInput, DescribeStacksOutput> = {
    name: 'DescribeStacks',
    authorize: ({ StackName }) => [
      {
        action: 'cloudformation:DescribeStacks',
        resource: StackName === undefined ? '*' : stackArn(context, StackName),
      },
    ],
    handle({ NextToken, StackName }) {
      refuseToken(NextToken);
      const views =
        StackName === undefined
          ? allStacks(context).filter(({ status }) => status !== 'DELETE_COMPLETE')
          : [findStack(context, StackName)];
      return { Stacks: views.map(stackOf) };
    },
  };
  const listStacks: Operation<ListStacksInput, ListStacksOutput> = {
    name: 'ListStacks',
    authorize: () => [{ action: 'cloudformation:ListStacks', resource: '*' }],
    handle({ NextToken, StackStatusFilter: filter = [] }) {
      refuseToken(NextToken);
      const wanted = allStacks(context).filter(({ status }) => filter.length === 0 || filter.includes(status));
      return {
        StackSummaries: wanted.map((view) => {
          const { CreationTime, DeletionTime, StackId, StackName, StackStatus, StackStatusReason } = stackOf(view);
          return { CreationTime, DeletionTime, StackId, StackName, StackStatus, StackStatusReason };
        }),
      };
    },
  };
  const listStackResources: Operation<ListStackResourcesInput, ListStackResourcesOutput> = {
    name: 'ListStackResources',
    authorize: ({ StackName = '' }) => [
      { action: 'cloudformation:ListStackResources', resource: stackArn(context, StackName) },
    ],
    handle({ NextToken, StackName = '' }) {
      refuseToken(NextToken);
      return {
        StackResourceSummaries: findStack(context, StackName).resources.map((resource) => ({
          LogicalResourceId: resource.logicalId,
          PhysicalResourceId: resource.physicalId,
          ResourceType: resource.type,
          ResourceStatus: resource.status,
          ResourceStatusReason: resource.statusReason,
          LastUpdatedTimestamp: new Date(resource.changedAt),
        })),
      };
    },
  };
  const describeStackResources: Operation<DescribeStackResourcesInput, DescribeStackResourcesOutput> = {
    name: 'DescribeStackResources',
    authorize: ({ StackName = '' }) => [
      { action: 'cloudformation:DescribeStackResources', resource: stackArn(context, StackName) },
    ],
    handle({ LogicalResourceId, PhysicalResourceId, StackName }) {
      if ((StackName === undefined) === (PhysicalResourceId === undefined)) {
        throw new AwsError(
          'ValidationError',
          'You must specify either StackName or PhysicalResourceId, but not both',
          400,
        );
      }
      const view =
        StackName === undefined
          ? allStacks(context).find(({ resources }) => resources.some((own) => own.physicalId === PhysicalResourceId))
          : findStack(context, StackName);
      if (view === undefined) {
        throw new AwsError('ValidationError', `Stack for ${PhysicalResourceId} does not exist`, 400);
      }
      return {
        StackResources: view.resources
          .filter(({ logicalId }) => LogicalResourceId === undefined || logicalId === LogicalResourceId)
          .map((resource) => ({
            StackName: view.stackName,
            StackId: view.stackId,
            LogicalResourceId: resource.logicalId,
            PhysicalResourceId: resource.physicalId,
            ResourceType: resource.type,
            ResourceStatus: resource.status,
            ResourceStatusReason: resource.statusReason,
            Timestamp: new Date(resource.changedAt),
          })),
      };
    },
  };
  return [describeStacks, listStacks, listStackResources, describeStackResources];
}

function stackOf(view: StackView): Stack {
  return {
    StackName: view.stackName,
    StackId: view.stackId,
    StackStatus: view.status,
    StackStatusReason: view.statusReason,
    Description: view.description,
    CreationTime: new Date(view.createdAt),
    DeletionTime: view.deletedAt === undefined ? undefined : new Date(view.deletedAt),
    EnableTerminationProtection: view.terminationProtection,
    Tags: Object.entries(view.tags).map(([Key, Value]) => ({ Key, Value })),
    Outputs: view.outputs.map((output) => ({
      OutputKey: output.name,
      OutputValue: output.value,
      Description: output.description,
      ExportName: output.exportName,
    })),
  };
}

/** No answer has a further page, so no token can be one of ours. */
function refuseToken(token: string | undefined): void {
  if (token !== undefined) throw new AwsError('ValidationError', 'NextToken is invalid', 400);
}
