import { messageOf } from '../../../../core/errors.ts';
import type { IotService } from '../../iot-service.ts';
import { MAX_GROUPS_PER_THING } from '../../limits.ts';
import type { ThingGroupRecord } from '../../registry/records.ts';
import type { FleetIndex } from '../fleet-index.ts';
import { matchesQuery } from '../query/match-query.ts';
import { parseQuery } from '../query/parse-query.ts';
import { fieldsOf, type Query } from '../query/query.ts';

interface KnownGroup {
  readonly record: ThingGroupRecord;
  readonly query: Query;
}

/** `cwl-format`, "AddThingToDynamicThingGroupsFailed log entry". */
const ADDING_FAILED = 'AddThingToDynamicThingGroupsFailed';

const GROUP_NAME_FIELDS = new Set(['thingGroupNames', 'registry.thingGroupNames']);

/**
 * Keeps who is in which dynamic group, from the changes of the index.
 *
 * INVARIANTS
 * - A change is acted upon in the same turn of the event loop, after those who made it and heard of it are done, and
 *   before its caller is answered. "Only the final state of a thing is evaluated" (`dynamic-thing-groups`).
 * - Memberships of dynamic groups are changed here, or by the overriding addition to a static group, alone.
 */
export class DynamicMembership {
  readonly #service: IotService;
  readonly #index: FleetIndex;
  /** By name, oldest first. */
  #groups = new Map<string, KnownGroup>();
  /** A group's members can depend on the groups of a thing. */
  #namesGroups = false;
  readonly #changedThings = new Set<string>();
  readonly #changedGroups = new Set<string>();
  #scheduled = false;
  #own = false;
  /** `thing\ngroup` of additions that failed, so that each is told once. */
  readonly #failures = new Set<string>();

  constructor(service: IotService, index: FleetIndex) {
    this.#service = service;
    this.#index = index;
  }

  /** Brings every membership up to date, then follows the changes. */
  start(): void {
    const { state } = this.#service.registry;
    for (const group of state.thingGroups.values()) if (group.query !== undefined) this.#know(group);
    state.events.onChange((change) => {
      if (change.kind === 'group-put' && change.group.query !== undefined) {
        const known = this.#groups.get(change.group.name);
        this.#know(change.group);
        if (known?.record.query?.queryString !== change.group.query.queryString) {
          this.#changedGroups.add(change.group.name);
          this.#schedule();
        }
      } else if (change.kind === 'group-deleted') {
        this.#groups.delete(change.group.name);
        this.#forgetFailures((_thing, group) => group === change.group.name);
      } else if (change.kind === 'thing-deleted') {
        this.#forgetFailures((thing) => thing === change.thing.name);
      }
    });
    this.#index.onThingChange((thingName) => {
      if (this.#groups.size === 0 || (this.#own && !this.#namesGroups)) return;
      this.#changedThings.add(thingName);
      this.#schedule();
    });
    this.#index.onReset(() => this.#all());
    this.#all();
    this.#flush();
  }

  #know(record: ThingGroupRecord): void {
    this.#groups.set(record.name, { record, query: parseQuery(record.query?.queryString ?? '') });
    const byAge = [...this.#groups.values()].sort((a, b) => a.record.creationDate - b.record.creationDate);
    this.#groups = new Map(byAge.map((group) => [group.record.name, group]));
    this.#namesGroups = byAge.some(({ query }) => [...fieldsOf(query)].some((field) => GROUP_NAME_FIELDS.has(field)));
  }

  #all(): void {
    for (const name of this.#groups.keys()) this.#changedGroups.add(name);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      try {
        this.#flush();
      } catch (error) {
        this.#service.context.log('error', 'dynamic thing groups were not brought up to date', {
          reason: messageOf(error),
        });
      } finally {
        this.#scheduled = false;
      }
    });
  }

  /**
   * Groups that are defined by each other's members settle, or are left as they are after as many rounds as there are
   * groups.
   */
  #flush(): void {
    this.#scheduled = true;
    for (let round = 0; round <= this.#groups.size; round += 1) {
      const groups = [...this.#groups.values()].filter(({ record }) => this.#changedGroups.has(record.name));
      const things = [...this.#changedThings];
      this.#changedGroups.clear();
      this.#changedThings.clear();
      if (groups.length === 0 && things.length === 0) break;
      for (const thing of things) this.#evaluate(thing, this.#groups.values());
      if (groups.length === 0) continue;
      for (const thing of this.#service.registry.state.things.sortedKeys()) this.#evaluate(thing, groups);
    }
    if (this.#changedThings.size > 0) {
      this.#changedThings.clear();
      this.#service.context.log('warn', 'dynamic thing groups are defined by each other and do not settle');
    }
    this.#scheduled = false;
  }

  /** Leaves groups first, then enters them, the oldest first. */
  #evaluate(thingName: string, groups: Iterable<KnownGroup>): void {
    const document = this.#index.thing(thingName);
    if (document === undefined) return;
    const { memberships } = this.#service.registry.state;
    const matching: ThingGroupRecord[] = [];
    for (const { record, query } of groups) {
      if (matchesQuery(query, document)) matching.push(record);
      else {
        this.#failures.delete(failureKey(thingName, record.name));
        if (memberships.has(thingName, record.name)) this.#remove(thingName, record.name);
      }
    }
    for (const group of matching) {
      if (!memberships.has(thingName, group.name)) this.#enter(thingName, group);
    }
  }

  /** `dynamic-thing-groups`, "Successful commands can log errors": what happens to a thing in too many groups. */
  #enter(thingName: string, group: ThingGroupRecord): void {
    const { state, thingGroups } = this.#service.registry;
    if (state.memberships.rightsOf(thingName).size >= MAX_GROUPS_PER_THING) {
      const newest = thingGroups.newestDynamicGroupOf(thingName);
      if (newest === undefined || group.creationDate >= newest.creationDate) {
        this.#failed(thingName, group.name);
        return;
      }
      this.#remove(thingName, newest.name);
      this.#failed(thingName, newest.name);
    }
    this.#failures.delete(failureKey(thingName, group.name));
    this.#owning(() => state.addMember(thingName, group.name));
  }

  #remove(thingName: string, groupName: string): void {
    this.#owning(() => this.#service.registry.state.removeMember(thingName, groupName));
  }

  #owning(change: () => void): void {
    this.#own = true;
    try {
      change();
    } finally {
      this.#own = false;
    }
  }

  #forgetFailures(matches: (thingName: string, groupName: string) => boolean): void {
    for (const key of this.#failures) {
      const [thing, group] = key.split('\n') as [string, string];
      if (matches(thing, group)) this.#failures.delete(key);
    }
  }

  #failed(thingName: string, groupName: string): void {
    const key = failureKey(thingName, groupName);
    if (this.#failures.has(key)) return;
    this.#failures.add(key);
    const { log, ports } = this.#service.context;
    log('error', ADDING_FAILED, {
      thingName,
      dynamicThingGroupNames: [groupName],
      reason: 'the thing already belongs to the maximum allowed number of groups',
    });
    ports.find('metrics')?.put('AWS/IoT', ADDING_FAILED, { DynamicThingGroupName: groupName }, 1, 'Count');
  }
}

function failureKey(thingName: string, groupName: string): string {
  return `${thingName}\n${groupName}`;
}
