import type { IotPart } from '../iot-part.ts';
import type { IotService } from '../iot-service.ts';
import type { ThingGroupIndexingRecord, ThingIndexingRecord } from './configuration/indexing-records.ts';
import { DynamicMembership } from './dynamic-groups/dynamic-membership.ts';
import { DynamicThingGroups } from './dynamic-groups/dynamic-thing-groups.ts';
import { FleetIndex } from './fleet-index.ts';
import { aggregationOperations } from './operations/aggregation-operations.ts';
import { dynamicThingGroupOperations } from './operations/dynamic-thing-group-operations.ts';
import { indexOperations } from './operations/index-operations.ts';
import { searchIndex } from './operations/search-index.ts';
import { thingGroupResource } from './resources/thing-group.ts';

/** Fleet indexing: search, aggregations, dynamic thing groups and fleet metrics. */
export function createIndexingPart(service: IotService): IotPart {
  const index = new FleetIndex(service);
  const dynamicGroups = new DynamicThingGroups(service.registry, index);
  const membership = new DynamicMembership(service, index);
  const dependents = {
    check(things: ThingIndexingRecord, groups: ThingGroupIndexingRecord): void {
      dynamicGroups.checkIndex(things);
      void groups;
    },
  };
  return {
    operations: [
      ...indexOperations(service, index, dependents),
      searchIndex(service, index),
      ...aggregationOperations(service, index),
      ...dynamicThingGroupOperations(service, dynamicGroups),
    ],
    resources: [thingGroupResource(service, dynamicGroups)],
    start() {
      index.start();
      membership.start();
    },
  };
}
