import type {
  CreateDynamicThingGroupRequest,
  CreateDynamicThingGroupResponse,
  DeleteDynamicThingGroupRequest,
  UpdateDynamicThingGroupRequest,
  UpdateDynamicThingGroupResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { changing, type IotService, resource } from '../../iot-service.ts';
import { readTags } from '../../registry/validation.ts';
import type { DynamicThingGroups } from '../dynamic-groups/dynamic-thing-groups.ts';
import { THINGS_INDEX } from '../index-names.ts';

/** Developer guide, `dynamic-thing-groups`. They query the index, and are allowed on it and on the group. */
export function dynamicThingGroupOperations(service: IotService, groups: DynamicThingGroups): Operation[] {
  const { state, tags } = service.registry;
  const groupArn = (input: { thingGroupName: string | undefined }) =>
    resource(service, 'thinggroup', input.thingGroupName);
  const bothArns = (input: { thingGroupName: string | undefined; indexName?: string | undefined }) => [
    groupArn(input),
    resource(service, 'index', input.indexName ?? THINGS_INDEX),
  ];
  return [
    changing<CreateDynamicThingGroupRequest, CreateDynamicThingGroupResponse>(
      service,
      'CreateDynamicThingGroup',
      bothArns,
      (input) => {
        readTags(input.tags);
        const group = groups.create(input.thingGroupName, input.thingGroupProperties, input);
        const thingGroupArn = state.arn('thinggroup', group.name);
        tags.add(thingGroupArn, input.tags);
        return { thingGroupName: group.name, thingGroupArn, thingGroupId: group.id, ...group.query };
      },
    ),
    changing<UpdateDynamicThingGroupRequest, UpdateDynamicThingGroupResponse>(
      service,
      'UpdateDynamicThingGroup',
      bothArns,
      (input) => {
        const { thingGroupName, thingGroupProperties, expectedVersion } = input;
        return { version: groups.update(thingGroupName, thingGroupProperties, input, expectedVersion).version };
      },
    ),
    changing<DeleteDynamicThingGroupRequest, object>(service, 'DeleteDynamicThingGroup', groupArn, (input) => {
      groups.delete(input.thingGroupName, input.expectedVersion);
      return {};
    }),
  ];
}
