import type { ThingGroupDocument as ThingGroupResult } from '@aws-sdk/client-iot';
import type { ThingGroupRecord } from '../../registry/records.ts';
import { attributeValue, type Fields, type FieldValue, fieldValue } from '../query/field-value.ts';
import type { SearchDocument } from '../query/match-query.ts';

const NONE: readonly FieldValue[] = [];

/** A thing group as the index `AWS_ThingGroups` sees it: name, description, attributes and all its parents. */
export class ThingGroupDocument implements SearchDocument {
  readonly group: ThingGroupRecord;
  readonly #parents: readonly string[];

  constructor(group: ThingGroupRecord, parents: readonly string[]) {
    this.group = group;
    this.#parents = parents;
  }

  values(field: string): readonly FieldValue[] {
    if (field === 'parentGroupNames') return this.#parents.map(fieldValue);
    return groupFields(this.group).get(field === 'thingGroupNames' ? 'thingGroupName' : field) ?? NONE;
  }

  has(field: string): boolean {
    return this.values(field).length > 0;
  }

  anywhere(test: (value: FieldValue) => boolean): boolean {
    for (const values of groupFields(this.group).values()) if (values.some(test)) return true;
    return this.#parents.map(fieldValue).some(test);
  }

  aggregated(field: string): readonly (string | number | boolean)[] {
    if (field === 'version') return [this.group.version];
    return this.values(field).map(({ raw }) => raw);
  }

  toResult(): ThingGroupResult {
    const { name, id, description, attributes } = this.group;
    return {
      thingGroupName: name,
      thingGroupId: id,
      ...(description === undefined ? {} : { thingGroupDescription: description }),
      attributes: { ...attributes },
      parentGroupNames: [...this.#parents],
    };
  }
}

const KNOWN = new WeakMap<ThingGroupRecord, Fields>();

function groupFields(group: ThingGroupRecord): Fields {
  let fields = KNOWN.get(group);
  if (fields === undefined) {
    const made = new Map<string, FieldValue[]>([
      ['thingGroupName', [fieldValue(group.name)]],
      ['thingGroupId', [fieldValue(group.id)]],
    ]);
    if (group.description !== undefined) made.set('description', [fieldValue(group.description)]);
    for (const [name, value] of Object.entries(group.attributes)) {
      made.set(`attributes.${name}`, [attributeValue(value)]);
    }
    fields = made;
    KNOWN.set(group, fields);
  }
  return fields;
}
