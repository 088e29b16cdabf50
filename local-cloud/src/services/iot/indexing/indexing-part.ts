import type { IotPart } from '../iot-part.ts';
import type { IotService } from '../iot-service.ts';
import type { ThingGroupIndexingRecord, ThingIndexingRecord } from './configuration/indexing-records.ts';
import { DynamicMembership } from './dynamic-groups/dynamic-membership.ts';
import { DynamicThingGroups } from './dynamic-groups/dynamic-thing-groups.ts';
import { FleetIndex } from './fleet-index.ts';
import { FleetMetrics } from './fleet-metrics/fleet-metrics.ts';
import { aggregationOperations } from './operations/aggregation-operations.ts';
import { dynamicThingGroupOperations } from './operations/dynamic-thing-group-operations.ts';
import { fleetMetricOperations } from './operations/fleet-metric-operations.ts';
import { indexOperations } from './operations/index-operations.ts';
import { searchIndex } from './operations/search-index.ts';
import { fleetMetricResource } from './resources/fleet-metric.ts';
import { thingGroupResource } from './resources/thing-group.ts';

/** Fleet indexing: search, aggregations, dynamic thing groups and fleet metrics. */
export function createIndexingPart(service: IotService): IotPart {
  const index = new FleetIndex(service);
  const dynamicGroups = new DynamicThingGroups(service.registry, index);
  const membership = new DynamicMembership(service, index);
  const metrics = new FleetMetrics(service, index);
  const dependents = {
    check(things: ThingIndexingRecord, groups: ThingGroupIndexingRecord): void {
      dynamicGroups.checkIndex(things);
      metrics.checkIndex(things, groups);
    },
  };
  return {
    operations: [
      ...indexOperations(service, index, dependents),
      searchIndex(service, index),
      ...aggregationOperations(service, index),
      ...dynamicThingGroupOperations(service, dynamicGroups),
      ...fleetMetricOperations(service, metrics),
    ],
    resources: [thingGroupResource(service, dynamicGroups), fleetMetricResource(service, metrics)],
    start() {
      index.start();
      membership.start();
      metrics.start();
    },
    stop() {
      metrics.stop();
    },
  };
}
