import type { ThingGroupProperties } from '@aws-sdk/client-iot';
import { messageOf } from '../../../../core/errors.ts';
import { invalidRequest, limitExceeded } from '../../errors.ts';
import type { ThingGroupQuery, ThingGroupRecord } from '../../registry/records.ts';
import type { Registry } from '../../registry/registry.ts';
import { requireText } from '../../registry/validation.ts';
import type { ThingIndexingRecord } from '../configuration/indexing-records.ts';
import type { FleetIndex } from '../fleet-index.ts';
import { THINGS_INDEX } from '../index-names.ts';
import { MAX_DYNAMIC_GROUPS, QUERY_VERSION } from '../limits.ts';
import { parseQuery } from '../query/parse-query.ts';

export interface QueryInput {
  readonly indexName?: string | undefined;
  readonly queryString?: string | undefined;
  readonly queryVersion?: string | undefined;
}

/** Dynamic thing groups as they are made and changed (developer guide, `dynamic-thing-groups`). */
export class DynamicThingGroups {
  readonly #registry: Registry;
  readonly #index: FleetIndex;

  constructor(registry: Registry, index: FleetIndex) {
    this.#registry = registry;
    this.#index = index;
  }

  create(
    name: string | undefined,
    properties: ThingGroupProperties | undefined,
    input: QueryInput,
  ): ThingGroupRecord & { readonly query: ThingGroupQuery } {
    const query = this.#readQuery(input, { queryVersion: QUERY_VERSION });
    const { thingGroups, state } = this.#registry;
    if (!state.thingGroups.has(name ?? '') && this.#count() >= MAX_DYNAMIC_GROUPS) {
      throw limitExceeded(`The account already has the maximum of ${MAX_DYNAMIC_GROUPS} dynamic thing groups`);
    }
    return { ...thingGroups.create(name, undefined, properties, query), query };
  }

  /** What is not given stays as it is. */
  update(
    name: string | undefined,
    properties: ThingGroupProperties | undefined,
    input: QueryInput,
    expectedVersion?: number,
  ): ThingGroupRecord {
    const group = this.#registry.thingGroups.get(name);
    if (group.query === undefined) {
      throw invalidRequest(`Thing group ${group.name} is a static thing group, not a dynamic one`);
    }
    const query = this.#readQuery(input, group.query);
    return this.#registry.thingGroups.update(name, properties, expectedVersion, query);
  }

  delete(name: string | undefined, expectedVersion?: number): void {
    this.#registry.thingGroups.delete(name, expectedVersion, 'dynamic');
  }

  /**
   * "After you enable the fleet indexing service for dynamic thing groups, you cannot disable it until you delete all of
   * your dynamic thing groups"; nor can what their queries search be taken from the index.
   *
   * @throws AwsError InvalidRequestException
   */
  checkIndex(things: ThingIndexingRecord): void {
    for (const { name, query } of this.#registry.state.thingGroups.values()) {
      if (query === undefined) continue;
      if (things.thingIndexingMode === 'OFF') {
        throw invalidRequest(`Thing indexing cannot be disabled while the dynamic thing group ${name} exists`);
      }
      try {
        this.#index.thingsAs(things).check(parseQuery(query.queryString));
      } catch (error) {
        throw invalidRequest(
          `The dynamic thing group ${name} needs what would no longer be indexed: ${messageOf(error)}`,
        );
      }
    }
  }

  #readQuery(input: QueryInput, before: Partial<ThingGroupQuery> & { queryVersion: string }): ThingGroupQuery {
    const queryString = input.queryString ?? before.queryString;
    requireText('queryString', queryString, 1, Number.MAX_SAFE_INTEGER);
    const indexName = input.indexName ?? THINGS_INDEX;
    if (indexName !== THINGS_INDEX) {
      throw invalidRequest(
        `A dynamic thing group can only be defined on the index ${THINGS_INDEX}, not on ${indexName}`,
      );
    }
    const queryVersion = input.queryVersion ?? before.queryVersion;
    this.#index.query(indexName, queryString, queryVersion);
    return { indexName, queryString, queryVersion };
  }

  #count(): number {
    let count = 0;
    for (const group of this.#registry.state.thingGroups.values()) if (group.query !== undefined) count += 1;
    return count;
  }
}
