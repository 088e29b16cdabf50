import type { ThingDocument as ThingResult } from '@aws-sdk/client-iot';
import type { Shadow, ShadowSection } from '../../../../core/shadows.ts';
import type { ThingRecord } from '../../registry/records.ts';
import type { ConnectivityRecord } from '../connectivity.ts';
import { type Fields, type FieldValue, fieldValue } from '../query/field-value.ts';
import type { SearchDocument } from '../query/match-query.ts';
import { fieldPath } from './field-path.ts';
import { allRegistryValues, registryValues } from './registry-fields.ts';
import { allShadowValues, hasShadowField, shadowValues } from './shadow-fields.ts';
import type { ThingData, ThingSources } from './thing-sources.ts';
import { violationFields, violationResult } from './violation-fields.ts';

const NONE: readonly FieldValue[] = [];
const NO_FIELDS: Fields = new Map();

/**
 * A thing as the index `AWS_Things` sees it at this moment. It holds no data of its own: what is searched is looked up
 * in the records or kept with them, so that a change costs nothing but its own thing.
 */
export class ThingDocument implements SearchDocument {
  readonly thing: ThingRecord;
  readonly #sources: ThingSources;
  readonly #data: ThingData;

  constructor(thing: ThingRecord, sources: ThingSources, data: ThingData) {
    this.thing = thing;
    this.#sources = sources;
    this.#data = data;
  }

  values(field: string): readonly FieldValue[] {
    const at = fieldPath(field);
    switch (at.source) {
      case 'groups':
        return this.#groupNames();
      case 'shadow': {
        const shadow = this.#shadow(at.shadowName);
        return shadow === undefined ? NONE : shadowValues(shadow, at, this.#data.deltaOf);
      }
      case 'connectivity':
        return this.#sources.connectivity ? (connectivityFields(this.#connectivity()).get(at.path) ?? NONE) : NONE;
      case 'violations':
        return this.#violations().get(at.path) ?? NONE;
      case 'registry':
        return registryValues(this.thing, at.path);
    }
  }

  has(field: string): boolean {
    const at = fieldPath(field);
    if (at.source === 'violations') return hasNested(this.#violations(), at.path);
    if (at.source !== 'shadow') return this.values(field).length > 0;
    const shadow = this.#shadow(at.shadowName);
    return shadow !== undefined && hasShadowField(shadow, at, this.#data.deltaOf);
  }

  /** "In all the registry, Device Shadow, and Device Defender fields" (`query-syntax`): connectivity is not among them. */
  anywhere(test: (value: FieldValue) => boolean): boolean {
    if (allRegistryValues(this.thing).some(test)) return true;
    if (this.#groupNames().some(test)) return true;
    for (const shadow of this.#shadows()) if (allShadowValues(shadow, this.#data.deltaOf).some(test)) return true;
    for (const values of this.#violations().values()) if (values.some(test)) return true;
    return false;
  }

  /** What aggregations read: also versions, which are not searchable. */
  aggregated(field: string): readonly (string | number | boolean)[] {
    if (field === 'registry.version') return [this.thing.version];
    const at = fieldPath(field);
    if (at.source === 'shadow' && at.path === 'version') {
      const shadow = this.#shadow(at.shadowName);
      return shadow === undefined ? [] : [shadow.version];
    }
    return this.values(field).map(({ raw }) => raw);
  }

  toResult(): ThingResult {
    const { thing } = this;
    const groups = this.#data.groupsOf(thing.name);
    const shadow = this.#shadowResult();
    const deviceDefender = this.#sources.violations ? violationResult(this.#data.violationsOf(thing.name)) : undefined;
    return {
      thingName: thing.name,
      thingId: thing.id,
      ...(thing.typeName === undefined ? {} : { thingTypeName: thing.typeName }),
      ...(groups.length === 0 ? {} : { thingGroupNames: [...groups] }),
      attributes: { ...thing.attributes },
      ...(shadow === undefined ? {} : { shadow }),
      ...(deviceDefender === undefined ? {} : { deviceDefender }),
      ...(this.#sources.connectivity ? { connectivity: connectivityResult(this.#connectivity()) } : {}),
    };
  }

  #groupNames(): readonly FieldValue[] {
    const names = this.#data.groupsOf(this.thing.name);
    return names.length === 0 ? NONE : names.map(fieldValue);
  }

  #violations(): Fields {
    return this.#sources.violations ? violationFields(this.#data.violationsOf(this.thing.name)) : NO_FIELDS;
  }

  #connectivity(): ConnectivityRecord {
    return this.#data.connectivityOf(this.thing.name);
  }

  /** Only what is indexed. */
  #shadow(name: string | undefined): Shadow | undefined {
    const indexed = name === undefined ? this.#sources.classicShadow : this.#sources.namedShadows.includes(name);
    return indexed ? this.#data.shadowOf(this.thing.name, name) : undefined;
  }

  #shadows(): readonly Shadow[] {
    const classic = this.#shadow(undefined);
    const named = this.#sources.namedShadows.flatMap((name) => this.#shadow(name) ?? []);
    return classic === undefined ? named : [classic, ...named];
  }

  /** JSON text, named shadows below `name`. */
  #shadowResult(): string | undefined {
    const named: Record<string, object> = {};
    let classic: object | undefined;
    for (const shadow of this.#shadows()) {
      const result = shadowResult(shadow, this.#data.deltaOf(shadow));
      if (shadow.shadowName === undefined) classic = result;
      else named[shadow.shadowName] = result;
    }
    const hasNamed = Object.keys(named).length > 0;
    if (classic === undefined && !hasNamed) return undefined;
    return JSON.stringify({ ...classic, ...(hasNamed ? { name: named } : {}) });
  }
}

function shadowResult({ desired, reported, version, updatedAt }: Shadow, delta: ShadowSection | undefined): object {
  return {
    ...(desired === undefined ? {} : { desired: desired.state }),
    ...(reported === undefined ? {} : { reported: reported.state }),
    ...(delta === undefined ? {} : { delta: delta.state }),
    metadata: {
      ...(desired === undefined ? {} : { desired: desired.metadata }),
      ...(reported === undefined ? {} : { reported: reported.metadata }),
    },
    hasDelta: delta !== undefined,
    version,
    timestamp: Math.floor(updatedAt / 1000),
  };
}

function hasNested(fields: Fields, path: string): boolean {
  for (const name of fields.keys()) if (name === path || name.startsWith(`${path}.`)) return true;
  return false;
}

const CONNECTIVITIES = new WeakMap<ConnectivityRecord, Fields>();

function connectivityFields(record: ConnectivityRecord): Fields {
  let fields = CONNECTIVITIES.get(record);
  if (fields === undefined) {
    const named = Object.entries(record) as [string, string | number | boolean][];
    fields = new Map(named.map(([name, value]) => [name, [fieldValue(value)]]));
    CONNECTIVITIES.set(record, fields);
  }
  return fields;
}

function connectivityResult({ version: _version, ...connectivity }: ConnectivityRecord) {
  return connectivity;
}
