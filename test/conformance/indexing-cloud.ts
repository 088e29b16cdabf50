import {
  CreateThingCommand,
  IoTClient,
  SearchIndexCommand,
  type ThingIndexingConfiguration,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { Metrics, MetricUnit } from '../../local-cloud/src/core/metrics.ts';
import type { MqttMessage, PresenceChange } from '../../local-cloud/src/core/mqtt.ts';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

export interface EmittedMetric {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly value: number;
  readonly unit: MetricUnit;
}

/** The registry, the shadows and fleet indexing behind the front door, with connections and time made by hand. */
export interface IndexingCloud {
  readonly https: HttpsCloud;
  readonly iot: IoTClient;
  readonly clock: ManualClock;
  readonly metrics: EmittedMetric[];
  readonly published: MqttMessage[];
  presence(change: PresenceChange): void;
  createThing(thingName: string, attributes?: Record<string, string>, thingTypeName?: string): Promise<void>;
  configure(configuration: ThingIndexingConfiguration): Promise<void>;
  /** Names of the things that are found, in order. */
  found(queryString: string): Promise<string[]>;
  updateShadow(thingName: string, state: object, shadowName?: string): Promise<void>;
  close(): Promise<void>;
}

export async function startIndexingCloud(): Promise<IndexingCloud> {
  // The SDK signs with the machine's time.
  const clock = new ManualClock(Date.now());
  const listeners: ((change: PresenceChange) => void)[] = [];
  const metrics: EmittedMetric[] = [];
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
        const put: Metrics['put'] = (namespace, name, dimensions, value, unit) =>
          void metrics.push({ namespace, name, dimensions, value, unit });
        context.ports.provide('metrics', {
          put,
          series: (namespace, name, dimensions, unit) => ({
            put: (value) => put(namespace, name, dimensions, value, unit),
          }),
          gauge: () => undefined,
        });
        return createIotPlugin(context);
      },
      createIotDataPlanePlugin,
    ],
  });
  const iot = new IoTClient(https.client());
  return {
    https,
    iot,
    clock,
    metrics,
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
    async close() {
      iot.destroy();
      await https.close();
    },
  };
}
