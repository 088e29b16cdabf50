import type { FieldType } from '@aws-sdk/client-iot';
import type { ThingSources } from '../documents/thing-sources.ts';

/** The indexing configuration as it is kept. */

export interface CustomField {
  readonly name: string;
  readonly type: FieldType;
}

export interface ThingIndexingRecord {
  readonly thingIndexingMode: 'OFF' | 'REGISTRY' | 'REGISTRY_AND_SHADOW';
  readonly thingConnectivityIndexingMode: 'OFF' | 'STATUS';
  readonly deviceDefenderIndexingMode: 'OFF' | 'VIOLATIONS';
  readonly namedShadowIndexingMode: 'OFF' | 'ON';
  readonly namedShadowNames: readonly string[];
  readonly customFields: readonly CustomField[];
}

export interface ThingGroupIndexingRecord {
  readonly thingGroupIndexingMode: 'OFF' | 'ON';
  readonly customFields: readonly CustomField[];
}

/** Of an account that never asked for an index. */
export const THINGS_OFF: ThingIndexingRecord = {
  thingIndexingMode: 'OFF',
  thingConnectivityIndexingMode: 'OFF',
  deviceDefenderIndexingMode: 'OFF',
  namedShadowIndexingMode: 'OFF',
  namedShadowNames: [],
  customFields: [],
};

export const GROUPS_OFF: ThingGroupIndexingRecord = { thingGroupIndexingMode: 'OFF', customFields: [] };

export function sourcesOf(record: ThingIndexingRecord): ThingSources {
  return {
    classicShadow: record.thingIndexingMode === 'REGISTRY_AND_SHADOW',
    namedShadows: record.namedShadowIndexingMode === 'ON' ? record.namedShadowNames : [],
    connectivity: record.thingConnectivityIndexingMode === 'STATUS',
    violations: record.deviceDefenderIndexingMode === 'VIOLATIONS',
  };
}
