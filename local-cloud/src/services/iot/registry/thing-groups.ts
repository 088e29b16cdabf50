import type { ThingGroupProperties } from '@aws-sdk/client-iot';
import { uuid } from '../../../core/entropy.ts';
import { invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../errors.ts';
import {
  MAX_DESCRIPTION_LENGTH,
  MAX_DIRECT_CHILD_GROUPS,
  MAX_GROUP_ATTRIBUTES,
  MAX_GROUP_DEPTH,
  MAX_GROUPS_PER_THING,
} from '../limits.ts';
import type { Attributes, ThingGroupQuery, ThingGroupRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';
import { requireVersion } from './things.ts';
import { allowName, allowText, changedAttributes, readAttributes, requireName, sameAttributes } from './validation.ts';

const ATTRIBUTES = 'thingGroupProperties.attributePayload.attributes';

/** Which operations a group is for: static groups and dynamic ones have their own (`dynamic-thing-groups`). */
export type ThingGroupKind = 'static' | 'dynamic';

/**
 * Thing groups, and who is in the static ones (developer guide, `thing-groups`). Who is in a dynamic group is for fleet
 * indexing to say.
 */
export class ThingGroups {
  readonly #state: RegistryState;

  constructor(state: RegistryState) {
    this.#state = state;
  }

  get(name: string | undefined): ThingGroupRecord {
    requireName('thingGroupName', name);
    const group = this.#state.thingGroups.get(name);
    if (group === undefined) throw resourceNotFound(`Thing group ${name} not found.`);
    return group;
  }

  create(
    name: string | undefined,
    parentName: string | undefined,
    properties: ThingGroupProperties | undefined,
    query?: ThingGroupQuery,
  ): ThingGroupRecord {
    requireName('thingGroupName', name);
    allowName('parentGroupName', parentName);
    const description = readDescription(properties);
    const attributes = readAttributes(ATTRIBUTES, properties?.attributePayload);
    checkAttributeCount(attributes);
    const existing = this.#state.thingGroups.get(name);
    if (existing !== undefined) {
      const same =
        existing.parentName === parentName && existing.description === description && sameQuery(existing.query, query);
      if (same && sameAttributes(existing.attributes, attributes)) return existing;
      throw resourceAlreadyExists(
        `Thing Group ${name} already exists in current account with different properties`,
        this.#state.arn('thinggroup', name),
        existing.id,
      );
    }
    if (parentName !== undefined) this.#checkParent(parentName);
    const group: ThingGroupRecord = {
      name,
      id: uuid(this.#state.environment.entropy),
      version: 1,
      ...(parentName === undefined ? {} : { parentName }),
      ...(description === undefined ? {} : { description }),
      attributes,
      creationDate: this.#state.now(),
      ...(query === undefined ? {} : { query }),
    };
    this.#state.putThingGroup(group);
    return group;
  }

  /** `query` replaces that of a dynamic group; without it the group must be static. */
  update(
    name: string | undefined,
    properties: ThingGroupProperties | undefined,
    expectedVersion?: number,
    query?: ThingGroupQuery,
  ): ThingGroupRecord {
    const group = this.get(name);
    requireKind(group, query === undefined ? 'static' : 'dynamic');
    requireVersion(`thing group ${group.name}`, group.version, expectedVersion);
    const description = readDescription(properties) ?? group.description;
    const attributes = changedAttributes(ATTRIBUTES, group.attributes, properties?.attributePayload);
    checkAttributeCount(attributes);
    const updated: ThingGroupRecord = {
      ...group,
      ...(description === undefined ? {} : { description }),
      attributes,
      ...(query === undefined ? {} : { query }),
      version: group.version + 1,
    };
    this.#state.putThingGroup(updated);
    return updated;
  }

  /** A group that does not exist is no error, as for things. Its members stay; what it granted them is gone. */
  delete(name: string | undefined, expectedVersion?: number, kind: ThingGroupKind = 'static'): void {
    requireName('thingGroupName', name);
    const group = this.#state.thingGroups.get(name);
    if (group === undefined) return;
    requireKind(group, kind);
    requireVersion(`thing group ${name}`, group.version, expectedVersion);
    if (this.#state.childGroupsOf(name).size > 0) {
      throw invalidRequest(`Cannot delete thing group : ${name} when there are still child groups attached to it.`);
    }
    const arn = this.#state.arn('thinggroup', name);
    for (const policy of [...this.#state.policyTargets.leftsOf(arn).keys()])
      this.#state.policyTargets.remove(policy, arn);
    for (const thing of [...this.#state.memberships.leftsOf(name).keys()]) this.#state.removeMember(thing, name);
    this.#state.deleteThingGroup(group);
    this.#state.tags.delete(arn);
    this.#state.environment.changes.allChanged();
  }

  /**
   * With `overrideDynamicGroups` a thing in as many groups as it can be leaves its most recently created dynamic one
   * (`dynamic-thing-groups`, "static groups take priority over dynamic groups").
   */
  addThing(groupName: string, thingName: string, overrideDynamicGroups = false): void {
    requireKind(this.get(groupName), 'static');
    if (this.#state.memberships.has(thingName, groupName)) return;
    const groups = this.#state.memberships.rightsOf(thingName);
    const evicted =
      overrideDynamicGroups && groups.size >= MAX_GROUPS_PER_THING ? this.newestDynamicGroupOf(thingName) : undefined;
    if (groups.size >= MAX_GROUPS_PER_THING && evicted === undefined) {
      throw invalidRequest(`Thing ${thingName} already belongs to the maximum of ${MAX_GROUPS_PER_THING} thing groups`);
    }
    const root = this.#rootOf(groupName);
    for (const other of groups.keys()) {
      // "You can't add a thing to more than one group in the same hierarchy."
      if (this.#rootOf(other) !== root) continue;
      throw invalidRequest(
        `Thing ${thingName} already belongs to group ${other} in the same hierarchy as ${groupName}`,
      );
    }
    if (evicted !== undefined) this.#state.removeMember(thingName, evicted.name);
    this.#state.addMember(thingName, groupName);
    this.#state.thingChanged(thingName);
  }

  /** The most recently created of the dynamic groups that the thing is in. */
  newestDynamicGroupOf(thingName: string): ThingGroupRecord | undefined {
    let newest: ThingGroupRecord | undefined;
    for (const name of this.#state.memberships.rightsOf(thingName).keys()) {
      const group = this.#state.thingGroups.get(name);
      if (group?.query === undefined) continue;
      if (newest === undefined || group.creationDate >= newest.creationDate) newest = group;
    }
    return newest;
  }

  removeThing(groupName: string, thingName: string): void {
    requireKind(this.get(groupName), 'static');
    if (this.#state.removeMember(thingName, groupName)) this.#state.thingChanged(thingName);
  }

  /** Names of the group's child groups, of all generations when `recursive`, in order of name. */
  childrenOf(name: string, recursive: boolean): string[] {
    const children: string[] = [];
    const open = [name];
    for (let parent = open.pop(); parent !== undefined; parent = open.pop()) {
      for (const child of this.#state.childGroupsOf(parent)) {
        children.push(child);
        if (recursive) open.push(child);
      }
    }
    return children.sort();
  }

  #rootOf(name: string): string {
    let root = name;
    for (const group of this.#state.groupAndAncestors(name)) root = group.name;
    return root;
  }

  #checkParent(parentName: string): void {
    const parent = this.#state.thingGroups.get(parentName);
    if (parent === undefined) throw resourceNotFound(`Thing group ${parentName} not found.`);
    // "Dynamic thing groups can't be part of a hierarchy."
    requireKind(parent, 'static');
    if (this.#state.childGroupsOf(parentName).size >= MAX_DIRECT_CHILD_GROUPS) {
      throw limitExceeded(
        `Thing group ${parentName} already has the maximum of ${MAX_DIRECT_CHILD_GROUPS} child groups`,
      );
    }
    if ([...this.#state.groupAndAncestors(parentName)].length >= MAX_GROUP_DEPTH) {
      throw limitExceeded(
        `The hierarchy of thing group ${parentName} already has the maximum depth of ${MAX_GROUP_DEPTH}`,
      );
    }
  }
}

function readDescription(properties: ThingGroupProperties | undefined): string | undefined {
  const description = properties?.thingGroupDescription;
  allowText('thingGroupProperties.thingGroupDescription', description, MAX_DESCRIPTION_LENGTH);
  return description;
}

function checkAttributeCount(attributes: Attributes): void {
  const count = Object.keys(attributes).length;
  if (count <= MAX_GROUP_ATTRIBUTES) return;
  throw invalidRequest(`A thing group can have at most ${MAX_GROUP_ATTRIBUTES} attributes, but ${count} were given`);
}

function requireKind(group: ThingGroupRecord, kind: ThingGroupKind): void {
  const actual: ThingGroupKind = group.query === undefined ? 'static' : 'dynamic';
  if (actual !== kind) throw invalidRequest(`Thing group ${group.name} is a ${actual} thing group, not a ${kind} one`);
}

function sameQuery(a: ThingGroupQuery | undefined, b: ThingGroupQuery | undefined): boolean {
  return a?.indexName === b?.indexName && a?.queryString === b?.queryString && a?.queryVersion === b?.queryVersion;
}
