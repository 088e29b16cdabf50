import type {
  Field,
  IndexingFilter,
  ThingGroupIndexingConfiguration,
  ThingIndexingConfiguration,
} from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import { invalidRequest } from '../../errors.ts';
import {
  MAX_CUSTOM_FIELD_NAME_LENGTH,
  MAX_CUSTOM_FIELDS,
  MAX_NAMED_SHADOWS,
  MAX_SHADOW_NAME_LENGTH,
  SHADOW_NAME_PATTERN,
} from '../limits.ts';
import {
  type CustomField,
  sourcesOf,
  type ThingGroupIndexingRecord,
  type ThingIndexingRecord,
} from './indexing-records.ts';
import { isManagedField, managedThingFields, managedThingGroupFields } from './managed-fields.ts';

const CODE = 'InvalidRequestException';

/** What a request for the index of things asks for. @throws AwsError InvalidRequestException, NotImplemented */
export function readThingIndexing(configuration: ThingIndexingConfiguration): ThingIndexingRecord {
  const path = 'thingIndexingConfiguration';
  new ConstraintViolations()
    .required(`${path}.thingIndexingMode`, configuration.thingIndexingMode)
    .oneOf(`${path}.thingIndexingMode`, configuration.thingIndexingMode, ['OFF', 'REGISTRY', 'REGISTRY_AND_SHADOW'])
    .oneOf(`${path}.thingConnectivityIndexingMode`, configuration.thingConnectivityIndexingMode, ['OFF', 'STATUS'])
    .oneOf(`${path}.deviceDefenderIndexingMode`, configuration.deviceDefenderIndexingMode, ['OFF', 'VIOLATIONS'])
    .oneOf(`${path}.namedShadowIndexingMode`, configuration.namedShadowIndexingMode, ['OFF', 'ON'])
    .throwIfAny(CODE);
  const record: ThingIndexingRecord = {
    thingIndexingMode: configuration.thingIndexingMode as ThingIndexingRecord['thingIndexingMode'],
    thingConnectivityIndexingMode:
      (configuration.thingConnectivityIndexingMode as 'OFF' | 'STATUS' | undefined) ?? 'OFF',
    deviceDefenderIndexingMode: (configuration.deviceDefenderIndexingMode as 'OFF' | 'VIOLATIONS' | undefined) ?? 'OFF',
    namedShadowIndexingMode: (configuration.namedShadowIndexingMode as 'OFF' | 'ON' | undefined) ?? 'OFF',
    namedShadowNames: readFilter(`${path}.filter`, configuration.filter),
    customFields: readCustomFields(`${path}.customFields`, configuration.customFields),
  };
  checkModes(record);
  checkManagedFields(configuration.managedFields, managedThingFields(record));
  for (const { name } of record.customFields) checkThingField(name, record);
  return record;
}

/** What a request for the index of thing groups asks for. @throws AwsError InvalidRequestException */
export function readThingGroupIndexing(configuration: ThingGroupIndexingConfiguration): ThingGroupIndexingRecord {
  const path = 'thingGroupIndexingConfiguration';
  new ConstraintViolations()
    .required(`${path}.thingGroupIndexingMode`, configuration.thingGroupIndexingMode)
    .oneOf(`${path}.thingGroupIndexingMode`, configuration.thingGroupIndexingMode, ['OFF', 'ON'])
    .throwIfAny(CODE);
  const record: ThingGroupIndexingRecord = {
    thingGroupIndexingMode: configuration.thingGroupIndexingMode as 'OFF' | 'ON',
    customFields: readCustomFields(`${path}.customFields`, configuration.customFields),
  };
  if (record.thingGroupIndexingMode === 'OFF' && record.customFields.length > 0) {
    throw invalidRequest('Custom fields need thingGroupIndexingMode ON');
  }
  checkManagedFields(configuration.managedFields, managedThingGroupFields(record));
  for (const { name } of record.customFields) {
    if (!ATTRIBUTE.test(name)) throw notIndexed(name);
  }
  return record;
}

function readFilter(path: string, filter: IndexingFilter | undefined): readonly string[] {
  if ((filter?.geoLocations ?? []).length > 0) throw new NotImplementedError(`${path}.geoLocations`);
  if (filter?.connectivity !== undefined) throw new NotImplementedError(`${path}.connectivity`);
  const names = filter?.namedShadowNames ?? [];
  const violations = new ConstraintViolations();
  for (const name of names) {
    violations
      .length(`${path}.namedShadowNames`, name, 1, MAX_SHADOW_NAME_LENGTH)
      .pattern(`${path}.namedShadowNames`, name, SHADOW_NAME_PATTERN);
  }
  violations.throwIfAny(CODE);
  const unique = [...new Set(names)];
  if (unique.length > MAX_NAMED_SHADOWS) {
    throw invalidRequest(`At most ${MAX_NAMED_SHADOWS} named shadows can be indexed, but ${unique.length} were given`);
  }
  return unique;
}

function checkModes(record: ThingIndexingRecord): void {
  const named = record.namedShadowIndexingMode === 'ON';
  if (record.thingIndexingMode === 'OFF') {
    if (record.thingConnectivityIndexingMode === 'STATUS') {
      throw invalidRequest('thingConnectivityIndexingMode STATUS needs a thingIndexingMode other than OFF');
    }
    if (record.deviceDefenderIndexingMode === 'VIOLATIONS') {
      throw invalidRequest('deviceDefenderIndexingMode VIOLATIONS needs a thingIndexingMode other than OFF');
    }
    if (named) throw invalidRequest('namedShadowIndexingMode ON needs a thingIndexingMode other than OFF');
    if (record.customFields.length > 0) throw invalidRequest('Custom fields need a thingIndexingMode other than OFF');
  }
  if (named && record.namedShadowNames.length === 0) {
    throw invalidRequest('namedShadowIndexingMode ON needs shadow names in filter.namedShadowNames');
  }
  if (!named && record.namedShadowNames.length > 0) {
    throw invalidRequest('filter.namedShadowNames needs namedShadowIndexingMode ON');
  }
}

function readCustomFields(path: string, fields: readonly Field[] | undefined): CustomField[] {
  const violations = new ConstraintViolations();
  for (const { name, type } of fields ?? []) {
    violations
      .required(`${path}.name`, name)
      .length(`${path}.name`, name, 1, MAX_CUSTOM_FIELD_NAME_LENGTH)
      .required(`${path}.type`, type)
      .oneOf(`${path}.type`, type, ['Number', 'String', 'Boolean']);
  }
  violations.throwIfAny(CODE);
  const read = (fields ?? []) as readonly CustomField[];
  if (read.length > MAX_CUSTOM_FIELDS) {
    throw invalidRequest(`An index can have at most ${MAX_CUSTOM_FIELDS} custom fields, but ${read.length} were given`);
  }
  if (new Set(read.map(({ name }) => name)).size < read.length) throw invalidRequest('A custom field is given twice');
  return read.map(({ name, type }) => ({ name, type }));
}

/** "Alphanumeric, - (hyphen) and _ (underscore) characters" (`managing-fleet-index`, "Custom fields"); periods nest. */
const PATH = '[A-Za-z0-9_-]+(?:\\.[A-Za-z0-9_-]+)*';
const ATTRIBUTE = new RegExp(`^attributes\\.${PATH}$`);
const CLASSIC_SHADOW = new RegExp(`^shadow\\.(?:desired|reported)\\.${PATH}$`);
const VIOLATION = /^deviceDefender\.[A-Za-z0-9:_-]+\.[A-Za-z0-9:_-]+\.lastViolationValue\.[a-z]+$/;
const NAMED_SHADOW = new RegExp(`^shadow\\.name\\.([^.]+)\\.(?:desired|reported)\\.${PATH}$`);

/** "If your indexing configuration contains custom fields that aren't indexed by the indexing mode, the update fails." */
function checkThingField(name: string, record: ThingIndexingRecord): void {
  if (isManagedField(name)) throw invalidRequest(`${name} is a managed field and cannot be a custom field`);
  const sources = sourcesOf(record);
  if (ATTRIBUTE.test(name)) return;
  if (sources.classicShadow && CLASSIC_SHADOW.test(name)) return;
  if (sources.violations && VIOLATION.test(name)) return;
  const shadow = NAMED_SHADOW.exec(name)?.[1];
  if (shadow !== undefined && sources.namedShadows.includes(shadow)) return;
  throw notIndexed(name);
}

function notIndexed(name: string): Error {
  return invalidRequest(`The custom field ${name} is not indexed by this configuration`);
}

/** "You can't modify managed fields": sending back what was read is no change. */
function checkManagedFields(given: readonly Field[] | undefined, managed: readonly CustomField[]): void {
  for (const { name, type } of given ?? []) {
    if (managed.some((field) => field.name === name && field.type === type)) continue;
    throw invalidRequest(`Managed fields cannot be modified (${name ?? ''})`);
  }
}
