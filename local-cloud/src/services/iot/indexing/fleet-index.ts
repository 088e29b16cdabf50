import type { Collection } from '../../../core/store.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import type { ThingRecord } from '../registry/records.ts';
import {
  GROUPS_OFF,
  sourcesOf,
  THINGS_OFF,
  type ThingGroupIndexingRecord,
  type ThingIndexingRecord,
} from './configuration/indexing-records.ts';
import { thingFieldType, thingGroupFieldType } from './configuration/managed-fields.ts';
import { Connectivity } from './connectivity.ts';
import { ThingDocument } from './documents/thing-document.ts';
import { ThingGroupDocument } from './documents/thing-group-document.ts';
import type { ThingData, ThingSources } from './documents/thing-sources.ts';
import { THING_GROUPS_INDEX, THINGS_INDEX } from './index-names.ts';
import { checkThingFields, checkThingGroupFields } from './indexed-fields.ts';
import { QUERY_VERSION } from './limits.ts';
import { matchesQuery } from './query/match-query.ts';
import { parseQuery } from './query/parse-query.ts';
import type { Query } from './query/query.ts';
import type { SearchTarget } from './search-target.ts';

/** A query that its index has accepted. */
export interface FleetQuery {
  readonly target: SearchTarget;
  readonly query: Query;
}

/**
 * Fleet indexing over the registry, the shadows and the connections as they are: AWS's index is eventually consistent,
 * this one has no delay and is never `BUILDING`. It keeps the configuration and the connectivity; everything else is
 * looked up, and its searchable form kept with the record it was made of.
 */
export class FleetIndex {
  readonly connectivity: Connectivity;
  readonly #service: IotService;
  readonly #configuration: Collection<ThingIndexingRecord | ThingGroupIndexingRecord>;
  readonly #data: ThingData;
  readonly #thingListeners: ((thingName: string) => void)[] = [];
  readonly #resetListeners: (() => void)[] = [];
  #sources: ThingSources;

  constructor(service: IotService) {
    const { store, ports } = service.context;
    const { state } = service.registry;
    this.#service = service;
    this.#configuration = store.collection('iot/indexingConfiguration');
    this.connectivity = new Connectivity(store, (name) => state.things.has(name));
    this.#data = {
      groupsOf(thingName) {
        const groups = state.memberships.rightsOf(thingName);
        const billing = state.billing.rightsOf(thingName);
        return groups.size + billing.size === 0 ? [] : [...groups.keys(), ...billing.keys()];
      },
      shadowOf: (thingName, shadowName) => ports.get('shadows').get(thingName, shadowName),
      deltaOf: (shadow) => ports.get('shadows').delta(shadow),
      violationsOf: (thingName) => ports.get('violations').ofThing(thingName),
      connectivityOf: (thingName) => this.connectivity.of(thingName),
    };
    this.#sources = sourcesOf(this.things);
  }

  get things(): ThingIndexingRecord {
    return (this.#configuration.get('things') as ThingIndexingRecord | undefined) ?? THINGS_OFF;
  }

  get thingGroups(): ThingGroupIndexingRecord {
    return (this.#configuration.get('thingGroups') as ThingGroupIndexingRecord | undefined) ?? GROUPS_OFF;
  }

  configureThings(record: ThingIndexingRecord): void {
    this.#configuration.put('things', record);
    this.#sources = sourcesOf(record);
    for (const listener of this.#resetListeners) listener();
  }

  configureThingGroups(record: ThingGroupIndexingRecord): void {
    this.#configuration.put('thingGroups', record);
  }

  /** Listens to every source. What is not there, such as a broker in a test of the registry, is not listened to. */
  start(): void {
    const { ports } = this.#service.context;
    const changed = (thingName: string): void => {
      for (const listener of this.#thingListeners) listener(thingName);
    };
    this.#service.registry.state.events.onChange((change) => {
      if (change.kind === 'thing-put') changed(change.thing.name);
      else if (change.kind === 'thing-deleted') this.connectivity.forget(change.thing.name);
      else if ('thingName' in change) changed(change.thingName);
    });
    const broker = ports.find('broker');
    if (broker !== undefined) this.connectivity.follow(broker, changed);
    ports.find('violations')?.onChange((thingName) => {
      if (this.#sources.violations) changed(thingName);
    });
    ports.find('shadows')?.onChange(({ shadow }) => {
      const { thingName, shadowName } = shadow;
      const indexed =
        shadowName === undefined ? this.#sources.classicShadow : this.#sources.namedShadows.includes(shadowName);
      if (indexed) changed(thingName);
    });
  }

  /** Called with the name of a thing whose indexed data may have changed, within the change. */
  onThingChange(listener: (thingName: string) => void): void {
    this.#thingListeners.push(listener);
  }

  /** Called when anything about any thing may be indexed otherwise than before. */
  onReset(listener: () => void): void {
    this.#resetListeners.push(listener);
  }

  indexNames(): string[] {
    return [
      ...(this.thingGroups.thingGroupIndexingMode === 'OFF' ? [] : [THING_GROUPS_INDEX]),
      ...(this.things.thingIndexingMode === 'OFF' ? [] : [THINGS_INDEX]),
    ];
  }

  /** @throws AwsError ResourceNotFoundException: an index that is switched off is deleted (`thinggroup-index`) */
  target(name: string): SearchTarget {
    if (name === THINGS_INDEX && this.things.thingIndexingMode !== 'OFF') return this.thingsAs(this.things);
    if (name === THING_GROUPS_INDEX && this.thingGroups.thingGroupIndexingMode !== 'OFF') return this.#groups();
    throw resourceNotFound(`Index ${name} does not exist`);
  }

  /** @throws AwsError InvalidQueryException, InvalidRequestException, ResourceNotFoundException */
  query(indexName: string | undefined, queryString: string, queryVersion: string | undefined): FleetQuery {
    checkQueryVersion(queryVersion);
    const target = this.target(indexName ?? THINGS_INDEX);
    const query = parseQuery(queryString);
    target.check(query);
    return { target, query };
  }

  thing(name: string): ThingDocument | undefined {
    const record = this.#service.registry.state.things.get(name);
    return record === undefined ? undefined : new ThingDocument(record, this.#sources, this.#data);
  }

  thingGroup(name: string): ThingGroupDocument | undefined {
    const record = this.#service.registry.state.thingGroups.get(name);
    if (record === undefined) return undefined;
    const [, ...parents] = this.#service.registry.state.groupAndAncestors(name);
    return new ThingGroupDocument(
      record,
      parents.map((parent) => parent.name),
    );
  }

  /** The index of things as it would be under a configuration. */
  thingsAs(record: ThingIndexingRecord): SearchTarget {
    const { state } = this.#service.registry;
    const sources = sourcesOf(record);
    return {
      name: THINGS_INDEX,
      schema: thingSchema(record),
      sortedKeys: () => state.things.sortedKeys(),
      document: (name) => new ThingDocument(state.things.get(name) as ThingRecord, sources, this.#data),
      check: (query) => checkThingFields(query, sources),
      fieldType: (field) => thingFieldType(field, record),
    };
  }

  #groups(): SearchTarget {
    const record = this.thingGroups;
    return {
      name: THING_GROUPS_INDEX,
      schema: 'THING_GROUPS',
      sortedKeys: () => this.#service.registry.state.thingGroups.sortedKeys(),
      document: (name) => this.thingGroup(name),
      check: checkThingGroupFields,
      fieldType: (field) => thingGroupFieldType(field, record),
    };
  }
}

export function checkQueryVersion(queryVersion: string | undefined): void {
  if (queryVersion === undefined || queryVersion === QUERY_VERSION) return;
  throw invalidRequest(`Unsupported query version ${queryVersion}; supported: ${QUERY_VERSION}`);
}

/** What a query finds, in order of name. */
export function* documentsOf({ target, query }: FleetQuery) {
  for (const key of target.sortedKeys()) {
    const document = target.document(key);
    if (document !== undefined && matchesQuery(query, document)) yield document;
  }
}

/** API DescribeIndex, `schema`. */
function thingSchema(record: ThingIndexingRecord): string {
  if (record.namedShadowIndexingMode === 'ON' || record.deviceDefenderIndexingMode === 'VIOLATIONS')
    return 'MULTI_INDEXING_MODE';
  return `${record.thingIndexingMode}${record.thingConnectivityIndexingMode === 'STATUS' ? '_AND_CONNECTIVITY_STATUS' : ''}`;
}
