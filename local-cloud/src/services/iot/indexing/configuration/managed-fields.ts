import type { FieldType } from '@aws-sdk/client-iot';
import type { CustomField, ThingGroupIndexingRecord, ThingIndexingRecord } from './indexing-records.ts';
import { sourcesOf } from './indexing-records.ts';

/** Fields whose types fleet indexing knows itself (developer guide, `managing-fleet-index`, "Managed fields"). */
const REGISTRY: readonly CustomField[] = [
  { name: 'thingId', type: 'String' },
  { name: 'thingName', type: 'String' },
  { name: 'registry.version', type: 'Number' },
  { name: 'registry.thingTypeName', type: 'String' },
  { name: 'registry.thingGroupNames', type: 'String' },
];
const CLASSIC_SHADOW: readonly CustomField[] = [
  { name: 'shadow.version', type: 'Number' },
  { name: 'shadow.hasDelta', type: 'Boolean' },
];
const NAMED_SHADOWS: readonly CustomField[] = [
  { name: 'shadow.name.*.version', type: 'Number' },
  { name: 'shadow.name.*.hasDelta', type: 'Boolean' },
];
const CONNECTIVITY: readonly CustomField[] = [
  { name: 'connectivity.timestamp', type: 'Number' },
  { name: 'connectivity.version', type: 'Number' },
  { name: 'connectivity.connected', type: 'Boolean' },
  { name: 'connectivity.disconnectReason', type: 'String' },
];
const DEVICE_DEFENDER: readonly CustomField[] = [{ name: 'deviceDefender.violationCount', type: 'Number' }];
/** Of a behavior of a security profile, below both their names. */
const BEHAVIOR: Readonly<Record<string, FieldType>> = {
  metricName: 'String',
  lastViolationTime: 'Number',
  lastViolationValue: 'String',
  inViolation: 'Boolean',
};
const THING_GROUPS: readonly CustomField[] = [
  { name: 'description', type: 'String' },
  { name: 'parentGroupNames', type: 'String' },
  { name: 'thingGroupId', type: 'String' },
  { name: 'thingGroupName', type: 'String' },
  { name: 'version', type: 'Number' },
];

export function managedThingFields(record: ThingIndexingRecord): readonly CustomField[] {
  if (record.thingIndexingMode === 'OFF') return [];
  const sources = sourcesOf(record);
  return [
    ...REGISTRY,
    ...(sources.classicShadow ? CLASSIC_SHADOW : []),
    ...(sources.namedShadows.length > 0 ? NAMED_SHADOWS : []),
    ...(sources.connectivity ? CONNECTIVITY : []),
    ...(sources.violations ? DEVICE_DEFENDER : []),
  ];
}

export function managedThingGroupFields(record: ThingGroupIndexingRecord): readonly CustomField[] {
  return record.thingGroupIndexingMode === 'OFF' ? [] : THING_GROUPS;
}

/** Names that belong to no custom field, whatever is indexed. */
export function isManagedField(name: string): boolean {
  const pattern = anyNamedShadow(name);
  return (
    behaviorFieldType(name) !== undefined ||
    [...REGISTRY, ...CLASSIC_SHADOW, ...NAMED_SHADOWS, ...CONNECTIVITY, ...DEVICE_DEFENDER].some(
      (field) => field.name === pattern,
    )
  );
}

/** Type of a field that aggregations may read: a managed or a custom one. Undefined for any other. */
export function thingFieldType(field: string, record: ThingIndexingRecord): FieldType | undefined {
  const custom = record.customFields.find(({ name }) => name === field);
  if (custom !== undefined) return custom.type;
  if (field.startsWith('deviceDefender.') && sourcesOf(record).violations) {
    const type = behaviorFieldType(field);
    if (type !== undefined) return type;
  }
  const name = namedShadowOf(field);
  if (name !== undefined && !record.namedShadowNames.includes(name)) return undefined;
  const pattern = anyNamedShadow(field);
  return managedThingFields(record).find((managed) => managed.name === pattern)?.type;
}

export function thingGroupFieldType(field: string, record: ThingGroupIndexingRecord): FieldType | undefined {
  return [...record.customFields, ...managedThingGroupFields(record)].find(({ name }) => name === field)?.type;
}

function namedShadowOf(field: string): string | undefined {
  return /^shadow\.name\.([^.]+)\./.exec(field)?.[1];
}

function anyNamedShadow(field: string): string {
  return field.replace(/^shadow\.name\.[^.]+\./, 'shadow.name.*.');
}

function behaviorFieldType(field: string): FieldType | undefined {
  const [source, , , name, ...rest] = field.split('.');
  if (source !== 'deviceDefender' || name === undefined || rest.length > 0) return undefined;
  return Object.hasOwn(BEHAVIOR, name) ? BEHAVIOR[name] : undefined;
}
