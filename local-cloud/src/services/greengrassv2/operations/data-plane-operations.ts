import type {
  GetComponentVersionArtifactRequest,
  ResolveComponentCandidatesRequest,
  ResolveComponentCandidatesResponse,
} from '@aws-sdk/client-greengrassv2';
import type { DescribeThingGroupResponse, ListThingGroupsForThingResponse } from '@aws-sdk/client-iot';
import { arn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import { administratorOf } from '../../../core/iam/administrator.ts';
import { resolveCandidate } from '../components/resolve-candidates.ts';
import type {
  ListThingGroupsForCoreDeviceRequest,
  ListThingGroupsForCoreDeviceResponse,
} from '../data-plane-schemas.ts';
import { notFound, validation } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';

/** What core devices call with their certificate; their AWS IoT policies name these actions (developer guide, `device-auth`). */
export function dataPlaneOperations(state: GreengrassState): Operation[] {
  const { account, api } = state.context;

  const resolve: Operation<ResolveComponentCandidatesRequest, ResolveComponentCandidatesResponse> = {
    name: 'ResolveComponentCandidates',
    authorize: () => [{ action: 'greengrass:ResolveComponentCandidates', resource: '*' }],
    handle({ componentCandidates = [], platform }) {
      if (componentCandidates.length === 0) throw validation('componentCandidates must not be empty');
      return {
        resolvedComponentVersions: componentCandidates.map((candidate) => resolveCandidate(state, candidate, platform)),
      };
    },
  };

  const artifact: Operation<GetComponentVersionArtifactRequest, never> = {
    name: 'GetComponentVersionArtifact',
    authorize: ({ arn: componentArn }) => [
      { action: 'greengrass:GetComponentVersionArtifact', resource: componentArn ?? '*' },
    ],
    handle(input) {
      // "The ARN of a public or a Lambda component version": no component here is one, and those of recipes have theirs in S3.
      const { arn: componentArn } = state.requireComponent(input.arn);
      throw notFound(
        'artifact',
        input.artifactName ?? '',
        `${componentArn} has no artifact ${input.artifactName} that AWS IoT Greengrass keeps`,
      );
    },
  };

  const groups: Operation<ListThingGroupsForCoreDeviceRequest, ListThingGroupsForCoreDeviceResponse> = {
    name: 'ListThingGroupsForCoreDevice',
    authorize: ({ coreDeviceThingName }) => [
      {
        action: 'greengrass:ListThingGroupsForCoreDevice',
        resource: arn(account, 'iot', `thing/${coreDeviceThingName}`),
      },
    ],
    async handle({ coreDeviceThingName, nextToken }) {
      const iot = <O>(operation: string, input: object) =>
        api.call<O>(administratorOf(account), 'iot', operation, input);
      try {
        const found = await iot<ListThingGroupsForThingResponse>('ListThingGroupsForThing', {
          thingName: coreDeviceThingName,
          nextToken,
        });
        const thingGroups = await Promise.all(
          (found.thingGroups ?? []).map(async ({ groupArn = '', groupName = '' }) => {
            const group = await iot<DescribeThingGroupResponse>('DescribeThingGroup', { thingGroupName: groupName });
            const ancestors = group.thingGroupMetadata?.rootToParentThingGroups ?? [];
            return {
              thingGroupName: groupName,
              thingGroupArn: groupArn,
              rootToParentThingGroups: ancestors.map((ancestor) => ({
                thingGroupName: ancestor.groupName ?? '',
                thingGroupArn: ancestor.groupArn ?? '',
              })),
            };
          }),
        );
        return { thingGroups, ...(found.nextToken !== undefined && { nextToken: found.nextToken }) };
      } catch (error) {
        if (error instanceof AwsError && error.code === 'ResourceNotFoundException') {
          throw notFound('thing', coreDeviceThingName);
        }
        throw error;
      }
    },
  };

  return [resolve, artifact, groups];
}
