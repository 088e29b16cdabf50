import type { ThingDocument as ThingResult } from '@aws-sdk/client-iot';
import type { Shadow, ShadowSection } from '../../../../core/shadows.ts';
import type { ThingRecord } from '../../registry/records.ts';
import type { ConnectivityRecord } from '../connectivity.ts';
import { attributeValue, type FieldValue, fieldValue } from '../query/field-value.ts';
import type { SearchDocument } from '../query/match-query.ts';
import { type Fields, shadowFields } from './shadow-fields.ts';
import type { ThingData, ThingSources } from './thing-sources.ts';

const NONE: readonly FieldValue[] = [];
const NAMED = 'shadow.name.';
const SHADOW = 'shadow.';
const CONNECTIVITY = 'connectivity.';
const GROUP_NAMES = new Set(['thingGroupNames', 'registry.thingGroupNames']);

/**
 * A thing as the index `AWS_Things` sees it at this moment. It holds no data of its own: what is searched is derived
 * from the records once for each record, so that a change costs nothing but its own thing.
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
    if (GROUP_NAMES.has(field)) return this.#groupNames();
    const { fields, path } = this.#locate(field);
    return fields?.get(path) ?? NONE;
  }

  has(field: string): boolean {
    if (GROUP_NAMES.has(field)) return this.#groupNames().length > 0;
    const { fields, path } = this.#locate(field);
    if (fields === undefined) return false;
    if (fields.has(path)) return true;
    const prefix = `${path}.`;
    for (const name of fields.keys()) if (name.startsWith(prefix)) return true;
    return false;
  }

  /** "In all the registry, Device Shadow, and Device Defender fields" (`query-syntax`): connectivity is not among them. */
  *everywhere(): Generator<readonly FieldValue[]> {
    yield* registryFields(this.thing).values();
    yield this.#groupNames();
    for (const shadow of this.#shadows()) yield* this.#fieldsOf(shadow).values();
  }

  /** What aggregations read: also versions, which are not searchable. */
  aggregated(field: string): readonly (string | number | boolean)[] {
    if (field === 'registry.version') return [this.thing.version];
    if (field.startsWith(SHADOW) && field.endsWith('.version')) {
      const name = field.startsWith(NAMED) ? field.slice(NAMED.length, -'.version'.length) : undefined;
      const shadow = this.#shadow(name);
      if (shadow !== undefined && (name !== undefined || field === 'shadow.version')) return [shadow.version];
    }
    return this.values(field).map(({ raw }) => raw);
  }

  toResult(): ThingResult {
    const { thing } = this;
    const groups = [...this.#data.groupsOf(thing.name)];
    const shadow = this.#shadowResult();
    return {
      thingName: thing.name,
      thingId: thing.id,
      ...(thing.typeName === undefined ? {} : { thingTypeName: thing.typeName }),
      ...(groups.length === 0 ? {} : { thingGroupNames: groups }),
      attributes: { ...thing.attributes },
      ...(shadow === undefined ? {} : { shadow }),
      ...(this.#sources.connectivity ? { connectivity: connectivityResult(this.#connectivity()) } : {}),
    };
  }

  #locate(field: string): { fields: Fields | undefined; path: string } {
    if (field.startsWith(NAMED)) {
      const end = field.indexOf('.', NAMED.length);
      const shadow = this.#shadow(field.slice(NAMED.length, end));
      return { fields: shadow && this.#fieldsOf(shadow), path: field.slice(end + 1) };
    }
    if (field.startsWith(SHADOW)) {
      const shadow = this.#shadow(undefined);
      return { fields: shadow && this.#fieldsOf(shadow), path: field.slice(SHADOW.length) };
    }
    if (field.startsWith(CONNECTIVITY)) {
      const fields = this.#sources.connectivity ? connectivityFields(this.#connectivity()) : undefined;
      return { fields, path: field.slice(CONNECTIVITY.length) };
    }
    return { fields: registryFields(this.thing), path: field === 'registry.thingTypeName' ? 'thingTypeName' : field };
  }

  #groupNames(): readonly FieldValue[] {
    return Array.from(this.#data.groupsOf(this.thing.name), fieldValue);
  }

  #connectivity(): ConnectivityRecord {
    return this.#data.connectivityOf(this.thing.name);
  }

  /** Only what is indexed. */
  #shadow(name: string | undefined): Shadow | undefined {
    const indexed = name === undefined ? this.#sources.classicShadow : this.#sources.namedShadows.includes(name);
    return indexed ? this.#data.shadowOf(this.thing.name, name) : undefined;
  }

  *#shadows(): Generator<Shadow> {
    for (const name of [undefined, ...this.#sources.namedShadows]) {
      const shadow = this.#shadow(name);
      if (shadow !== undefined) yield shadow;
    }
  }

  #fieldsOf(shadow: Shadow): Fields {
    return shadowFields(shadow, (known) => this.#data.deltaOf(known));
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

const REGISTRY = new WeakMap<ThingRecord, Fields>();

function registryFields(thing: ThingRecord): Fields {
  let fields = REGISTRY.get(thing);
  if (fields === undefined) {
    const made = new Map<string, FieldValue[]>([
      ['thingName', [fieldValue(thing.name)]],
      ['thingId', [fieldValue(thing.id)]],
    ]);
    if (thing.typeName !== undefined) made.set('thingTypeName', [fieldValue(thing.typeName)]);
    for (const [name, value] of Object.entries(thing.attributes)) {
      made.set(`attributes.${name}`, [attributeValue(value)]);
    }
    fields = made;
    REGISTRY.set(thing, fields);
  }
  return fields;
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
