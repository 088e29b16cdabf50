import type { ThingGroupIndexingRecord, ThingIndexingRecord } from './configuration/indexing-records.ts';

/** What stands on an index and must not lose it. @throws AwsError InvalidRequestException naming what would break */
export interface IndexDependents {
  check(things: ThingIndexingRecord, thingGroups: ThingGroupIndexingRecord): void;
}
