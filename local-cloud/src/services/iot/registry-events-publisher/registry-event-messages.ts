import { createHash } from 'node:crypto';
import { uuid } from '../../../core/entropy.ts';
import type { IotEventType } from '../event-configurations/event-configurations.ts';
import type { ThingGroupRecord, ThingRecord, ThingTypeRecord } from '../registry/records.ts';
import type { RegistryChange } from '../registry/registry-events.ts';
import type { RegistryState } from '../registry/registry-state.ts';

/** One message below `$aws/events/`, published where its type is enabled. */
export interface RegistryEventMessage {
  readonly type: IotEventType;
  readonly topic: string;
  /** Made within the change, while everything it tells of is there. */
  payload(): object;
}

type Operation = 'CREATED' | 'UPDATED' | 'DELETED' | 'ADDED' | 'REMOVED';

/** Messages that tell of a change (developer guide, `registry-events`). */
export function* registryEventMessages(state: RegistryState, change: RegistryChange): Generator<RegistryEventMessage> {
  switch (change.kind) {
    case 'thing-put': {
      const { thing, before } = change;
      yield thingEvent(state, thing, before === undefined ? 'CREATED' : 'UPDATED');
      if (before?.typeName === thing.typeName) return;
      if (before?.typeName !== undefined) yield typeAssociationEvent(state, thing, before.typeName, 'REMOVED');
      if (thing.typeName !== undefined) yield typeAssociationEvent(state, thing, thing.typeName, 'ADDED');
      return;
    }
    case 'thing-deleted':
      yield thingEvent(state, change.thing, 'DELETED');
      return;
    case 'type-put':
      yield thingTypeEvent(state, change.type, change.before === undefined ? 'CREATED' : 'UPDATED');
      return;
    case 'type-deleted':
      yield thingTypeEvent(state, change.type, 'DELETED');
      return;
    case 'group-put':
      yield groupEvent(state, change.group, change.before === undefined ? 'CREATED' : 'UPDATED');
      if (change.before === undefined) yield* hierarchyEvents(state, change.group, 'ADDED');
      return;
    case 'group-deleted':
      yield groupEvent(state, change.group, 'DELETED');
      yield* hierarchyEvents(state, change.group, 'REMOVED');
      return;
    case 'member-added':
      yield membershipEvent(state, change.thingName, change.groupName, 'ADDED');
      return;
    case 'member-removed':
      yield membershipEvent(state, change.thingName, change.groupName, 'REMOVED');
      return;
    case 'billing-changed':
  }
}

function thingEvent(state: RegistryState, thing: ThingRecord, operation: Operation): RegistryEventMessage {
  return {
    type: 'THING',
    topic: `$aws/events/thing/${thing.name}/${operation.toLowerCase()}`,
    payload: () => ({
      ...head(state, 'THING_EVENT', operation),
      accountId: accountId(state),
      thingId: thing.id,
      thingName: thing.name,
      versionNumber: thing.version,
      thingTypeName: thing.typeName ?? null,
      attributes: thing.attributes,
    }),
  };
}

function thingTypeEvent(state: RegistryState, type: ThingTypeRecord, operation: Operation): RegistryEventMessage {
  return {
    type: 'THING_TYPE',
    topic: `$aws/events/thingType/${type.name}/${operation.toLowerCase()}`,
    payload: () => ({
      ...head(state, 'THING_TYPE_EVENT', operation),
      accountId: accountId(state),
      thingTypeId: type.id,
      thingTypeName: type.name,
      isDeprecated: type.deprecationDate !== undefined,
      deprecationDate: type.deprecationDate ?? null,
      searchableAttributes: type.searchableAttributes,
      description: type.description ?? null,
    }),
  };
}

function typeAssociationEvent(
  state: RegistryState,
  thing: ThingRecord,
  typeName: string,
  operation: Operation,
): RegistryEventMessage {
  return {
    type: 'THING_TYPE_ASSOCIATION',
    topic: `$aws/events/thingTypeAssociation/thing/${thing.name}/thingType/${typeName}/${operation.toLowerCase()}`,
    payload: () => ({
      ...head(state, 'THING_TYPE_ASSOCIATION_EVENT', operation),
      thingId: thing.id,
      thingName: thing.name,
      thingTypeName: typeName,
    }),
  };
}

function groupEvent(state: RegistryState, group: ThingGroupRecord, operation: Operation): RegistryEventMessage {
  return {
    type: 'THING_GROUP',
    topic: `$aws/events/thingGroup/${group.name}/${operation.toLowerCase()}`,
    payload: () => {
      const ancestors = group.parentName === undefined ? [] : [...state.groupAndAncestors(group.parentName)];
      return {
        ...head(state, 'THING_GROUP_EVENT', operation),
        accountId: accountId(state),
        thingGroupId: group.id,
        thingGroupName: group.name,
        versionNumber: group.version,
        parentGroupName: group.parentName ?? null,
        parentGroupId: ancestors[0]?.id ?? null,
        description: group.description ?? null,
        rootToParentThingGroups: ancestors
          .reverse()
          .map(({ name, id }) => ({ groupArn: state.arn('thinggroup', name), groupId: id })),
        attributes: group.attributes,
        dynamicGroupMappingId: null,
      };
    },
  };
}

function* hierarchyEvents(
  state: RegistryState,
  child: ThingGroupRecord,
  operation: Operation,
): Generator<RegistryEventMessage> {
  const parent = child.parentName === undefined ? undefined : state.thingGroups.get(child.parentName);
  if (parent === undefined) return;
  const topic = `$aws/events/thingGroupHierarchy/thingGroup/${parent.name}/childThingGroup/${child.name}`;
  yield {
    type: 'THING_GROUP_HIERARCHY',
    topic: `${topic}/${operation.toLowerCase()}`,
    payload: () => ({
      ...head(state, 'THING_GROUP_HIERARCHY_EVENT', operation),
      accountId: accountId(state),
      thingGroupId: parent.id,
      thingGroupName: parent.name,
      childGroupId: child.id,
      childGroupName: child.name,
    }),
  };
}

function membershipEvent(
  state: RegistryState,
  thingName: string,
  groupName: string,
  operation: Operation,
): RegistryEventMessage {
  return {
    type: 'THING_GROUP_MEMBERSHIP',
    topic: `$aws/events/thingGroupMembership/thingGroup/${groupName}/thing/${thingName}/${operation.toLowerCase()}`,
    payload: () => {
      const groupId = state.thingGroups.get(groupName)?.id ?? null;
      const thingId = state.things.get(thingName)?.id ?? null;
      return {
        ...head(state, 'THING_GROUP_MEMBERSHIP_EVENT', operation),
        accountId: accountId(state),
        groupArn: state.arn('thinggroup', groupName),
        groupId,
        thingArn: state.arn('thing', thingName),
        thingId,
        membershipId: membershipId(`${thingId}/${groupId}`),
      };
    },
  };
}

function head(state: RegistryState, eventType: string, operation: Operation): object {
  return { eventType, eventId: uuid(state.environment.entropy), timestamp: state.now(), operation };
}

function accountId(state: RegistryState): string {
  return state.environment.account.accountId;
}

/** "An ID that represents the relationship": the same for its addition and its removal. */
function membershipId(pair: string): string {
  const hex = createHash('sha256').update(pair).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}
