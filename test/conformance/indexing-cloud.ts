import type { GetMetricStatisticsInput, GetMetricStatisticsOutput } from '@aws-sdk/client-cloudwatch';
import {
  CreateThingCommand,
  IoTClient,
  SearchIndexCommand,
  type ThingIndexingConfiguration,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { MqttMessage, PresenceChange } from '../../local-cloud/src/core/mqtt.ts';
import { createCloudwatchPlugin } from '../../local-cloud/src/services/cloudwatch/plugin.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The registry, the shadows and fleet indexing behind the front door, with connections and time made by hand. */
export interface IndexingCloud {
  readonly https: HttpsCloud;
  readonly iot: IoTClient;
  readonly clock: ManualClock;
  readonly published: MqttMessage[];
  presence(change: PresenceChange): void;
  createThing(thingName: string, attributes?: Record<string, string>, thingTypeName?: string): Promise<void>;
  configure(configuration: ThingIndexingConfiguration): Promise<void>;
  /** Names of the things that are found, in order. */
  found(queryString: string): Promise<string[]>;
  updateShadow(thingName: string, state: object, shadowName?: string): Promise<void>;
  /** Values of a metric in the last hour, each the sum of its minute, oldest first. */
  metricValues(Namespace: string, MetricName: string, dimension: Record<string, string>): Promise<MetricValue[]>;
  close(): Promise<void>;
}

export interface MetricValue {
  readonly value: number | undefined;
  readonly unit: string | undefined;
}

export async function startIndexingCloud(): Promise<IndexingCloud> {
  // The SDK signs with the machine's time.
  const clock = new ManualClock(Date.now());
  const listeners: ((change: PresenceChange) => void)[] = [];
  const published: MqttMessage[] = [];
  const https = await startHttpsCloud({
    clock,
    plugins: [
      (context) => {
        context.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
        context.ports.provide('broker', {
          publish: async (message) => void published.push(message),
          reply: () => undefined,
          disconnect: () => undefined,
          connectedClients: () => [],
          onPresence: (listener) => void listeners.push(listener),
        });
        return createIotPlugin(context);
      },
      createIotDataPlanePlugin,
      createCloudwatchPlugin,
    ],
  });
  const iot = new IoTClient(https.client());
  return {
    https,
    iot,
    clock,
    published,
    presence(change) {
      for (const listener of listeners) listener(change);
    },
    async createThing(thingName, attributes = {}, thingTypeName) {
      await iot.send(new CreateThingCommand({ thingName, thingTypeName, attributePayload: { attributes } }));
    },
    async configure(thingIndexingConfiguration) {
      await iot.send(new UpdateIndexingConfigurationCommand({ thingIndexingConfiguration }));
    },
    async found(queryString) {
      const { things } = await iot.send(new SearchIndexCommand({ queryString }));
      return (things ?? []).map(({ thingName }) => thingName as string);
    },
    async updateShadow(thingName, state, shadowName) {
      await https.cloud.api.call(ADMINISTRATOR, 'iot-data-plane', 'UpdateThingShadow', {
        thingName,
        ...(shadowName === undefined ? {} : { shadowName }),
        payload: Buffer.from(JSON.stringify({ state })),
      });
    },
    async metricValues(Namespace, MetricName, dimension) {
      const now = clock.now();
      const input: GetMetricStatisticsInput = {
        Namespace,
        MetricName,
        Dimensions: Object.entries(dimension).map(([Name, Value]) => ({ Name, Value })),
        StartTime: new Date(now - 60 * 60_000),
        EndTime: new Date(now + 60_000),
        Period: 60,
        Statistics: ['Sum'],
      };
      const { Datapoints = [] } = await https.cloud.api.call<GetMetricStatisticsOutput>(
        ADMINISTRATOR,
        'cloudwatch',
        'GetMetricStatistics',
        input,
      );
      return Datapoints.sort((a, b) => Number(a.Timestamp) - Number(b.Timestamp)).map(({ Sum, Unit }) => ({
        value: Sum,
        unit: Unit,
      }));
    },
    async close() {
      iot.destroy();
      await https.close();
    },
  };
}
