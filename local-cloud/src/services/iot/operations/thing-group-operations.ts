import type {
  CreateThingGroupRequest,
  CreateThingGroupResponse,
  DeleteThingGroupRequest,
  DescribeThingGroupRequest,
  DescribeThingGroupResponse,
  ListThingGroupsRequest,
  ListThingGroupsResponse,
  UpdateThingGroupRequest,
  UpdateThingGroupResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { invalidRequest } from '../errors.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import type { ThingGroupQuery, ThingGroupRecord } from '../registry/records.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';

export function thingGroupOperations(service: IotService): Operation[] {
  const { thingGroups, state, tags } = service.registry;
  const groupArn = (input: { thingGroupName: string | undefined }) =>
    resource(service, 'thinggroup', input.thingGroupName);
  return [
    changing<CreateThingGroupRequest, CreateThingGroupResponse>(service, 'CreateThingGroup', groupArn, (input) => {
      readTags(input.tags);
      const group = thingGroups.create(input.thingGroupName, input.parentGroupName, input.thingGroupProperties);
      const thingGroupArn = state.arn('thinggroup', group.name);
      tags.add(thingGroupArn, input.tags);
      return { thingGroupName: group.name, thingGroupArn, thingGroupId: group.id };
    }),
    reading<DescribeThingGroupRequest, DescribeThingGroupResponse>('DescribeThingGroup', groupArn, (input) => {
      const group = thingGroups.get(input.thingGroupName);
      const [, ...ancestors] = state.groupAndAncestors(group.name);
      if (group.query !== undefined)
        return { ...dynamicDescription(group, group.query), thingGroupArn: groupArn(input) };
      return {
        thingGroupName: group.name,
        thingGroupArn: state.arn('thinggroup', group.name),
        thingGroupId: group.id,
        version: group.version,
        thingGroupProperties: {
          ...(group.description === undefined ? {} : { thingGroupDescription: group.description }),
          attributePayload: { attributes: { ...group.attributes } },
        },
        thingGroupMetadata: {
          ...(group.parentName === undefined ? {} : { parentGroupName: group.parentName }),
          rootToParentThingGroups: ancestors.reverse().map(({ name }) => reference(service, name)),
          creationDate: new Date(group.creationDate),
        },
      };
    }),
    changing<UpdateThingGroupRequest, UpdateThingGroupResponse>(service, 'UpdateThingGroup', groupArn, (input) => {
      const group = thingGroups.update(input.thingGroupName, input.thingGroupProperties, input.expectedVersion);
      return { version: group.version };
    }),
    changing<DeleteThingGroupRequest, object>(service, 'DeleteThingGroup', groupArn, (input) => {
      thingGroups.delete(input.thingGroupName, input.expectedVersion);
      return {};
    }),
    reading<ListThingGroupsRequest, ListThingGroupsResponse>('ListThingGroups', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      if (input.recursive !== undefined && input.parentGroup === undefined) {
        throw invalidRequest('recursive can only be given together with parentGroup');
      }
      const names =
        input.parentGroup === undefined
          ? state.thingGroups.sortedKeys()
          : thingGroups.childrenOf(thingGroups.get(input.parentGroup).name, input.recursive === true);
      const prefix = input.namePrefixFilter ?? '';
      const page = pageOf(names, { token: input.nextToken, size: input.maxResults }, (name) => name.startsWith(prefix));
      return { thingGroups: page.keys.map((name) => reference(service, name)), nextToken: page.nextToken };
    }),
  ];
}

/** As the guide's example shows a dynamic group (`dynamic-thing-groups`); it never has to wait for its members. */
function dynamicDescription(group: ThingGroupRecord, query: ThingGroupQuery): DescribeThingGroupResponse {
  const { name, id, version, description, attributes, creationDate } = group;
  return {
    thingGroupName: name,
    thingGroupId: id,
    version,
    thingGroupProperties: {
      ...(description === undefined ? {} : { thingGroupDescription: description }),
      ...(Object.keys(attributes).length === 0 ? {} : { attributePayload: { attributes: { ...attributes } } }),
    },
    thingGroupMetadata: { creationDate: new Date(creationDate) },
    ...query,
    status: 'ACTIVE',
  };
}

export function reference(service: IotService, groupName: string) {
  return { groupName, groupArn: resource(service, 'thinggroup', groupName) };
}
