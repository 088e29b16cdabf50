import type {
  AddThingToThingGroupRequest,
  ListThingGroupsForThingRequest,
  ListThingGroupsForThingResponse,
  ListThingsInThingGroupRequest,
  ListThingsInThingGroupResponse,
  RemoveThingFromThingGroupRequest,
  UpdateThingGroupsForThingRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { checkPageSize, requireName } from '../registry/validation.ts';
import { namedResource } from './named-resource.ts';
import { reference } from './thing-group-operations.ts';

type Membership = AddThingToThingGroupRequest & RemoveThingFromThingGroupRequest;

export function thingGroupMemberOperations(service: IotService): Operation[] {
  const { things, thingGroups, state } = service.registry;
  const thingArn = (name: string | undefined) => resource(service, 'thing', name);
  const groupArn = (name: string | undefined) => resource(service, 'thinggroup', name);
  const bothArns = (input: Membership) => [
    input.thingArn ?? thingArn(input.thingName),
    input.thingGroupArn ?? groupArn(input.thingGroupName),
  ];

  function readMembership(input: Membership): { thing: string; group: string } {
    const thing = namedResource(service, 'thing', input.thingName, input.thingArn);
    const group = namedResource(service, 'thinggroup', input.thingGroupName, input.thingGroupArn);
    return { thing: things.get(thing).name, group: thingGroups.get(group).name };
  }

  return [
    changing<AddThingToThingGroupRequest, object>(service, 'AddThingToThingGroup', bothArns, (input) => {
      const { thing, group } = readMembership(input);
      thingGroups.addThing(group, thing, input.overrideDynamicGroups === true);
      return {};
    }),
    changing<RemoveThingFromThingGroupRequest, object>(service, 'RemoveThingFromThingGroup', bothArns, (input) => {
      const { thing, group } = readMembership(input);
      thingGroups.removeThing(group, thing);
      return {};
    }),
    changing<UpdateThingGroupsForThingRequest, object>(
      service,
      'UpdateThingGroupsForThing',
      (input) => [
        thingArn(input.thingName),
        ...[...(input.thingGroupsToAdd ?? []), ...(input.thingGroupsToRemove ?? [])].map(groupArn),
      ],
      (input) => {
        requireName('thingName', input.thingName);
        const thing = things.get(input.thingName).name;
        const toAdd = (input.thingGroupsToAdd ?? []).map((name) => thingGroups.get(name).name);
        const toRemove = (input.thingGroupsToRemove ?? []).map((name) => thingGroups.get(name).name);
        for (const group of toRemove) thingGroups.removeThing(group, thing);
        for (const group of toAdd) thingGroups.addThing(group, thing, input.overrideDynamicGroups === true);
        return {};
      },
    ),
    reading<ListThingGroupsForThingRequest, ListThingGroupsForThingResponse>(
      'ListThingGroupsForThing',
      (input) => thingArn(input.thingName),
      (input) => {
        requireName('thingName', input.thingName);
        checkPageSize('maxResults', input.maxResults);
        const names = [...state.memberships.rightsOf(things.get(input.thingName).name).keys()].sort();
        const page = pageOf(names, { token: input.nextToken, size: input.maxResults });
        return { thingGroups: page.keys.map((name) => reference(service, name)), nextToken: page.nextToken };
      },
    ),
    reading<ListThingsInThingGroupRequest, ListThingsInThingGroupResponse>(
      'ListThingsInThingGroup',
      (input) => groupArn(input.thingGroupName),
      (input) => {
        checkPageSize('maxResults', input.maxResults);
        const { name } = thingGroups.get(input.thingGroupName);
        const groups = input.recursive === true ? [name, ...thingGroups.childrenOf(name, true)] : [name];
        const members = new Set(groups.flatMap((group) => [...state.memberships.leftsOf(group).keys()]));
        const page = pageOf([...members].sort(), { token: input.nextToken, size: input.maxResults });
        return { things: [...page.keys], nextToken: page.nextToken };
      },
    ),
  ];
}
