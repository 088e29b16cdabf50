import { randomBytes } from 'node:crypto';
import {
  ALL_WRITE_TOPICS,
  type FieldMessage,
  fieldTopic,
  type TelemetryMessage,
  UPLOAD_TOPIC,
  type UploadMessage,
  type WriteRequest,
  writtenTopic,
} from '@fleetwright/contracts';
import type * as z from 'zod';
import { AnomalyDetector } from '../../greengrass-components/anomaly-detector/src/anomaly-detector.ts';
import { configurationSchema as detectorSchema } from '../../greengrass-components/anomaly-detector/src/configuration.ts';
import { configurationSchema as aggregatorSchema } from '../../greengrass-components/edge-aggregator/src/configuration.ts';
import { EdgeAggregator } from '../../greengrass-components/edge-aggregator/src/edge-aggregator.ts';
import { configurationSchema as rulesSchema } from '../../greengrass-components/local-rules/src/configuration.ts';
import { LocalRules } from '../../greengrass-components/local-rules/src/local-rules.ts';
import type { Component } from '../../greengrass-components/shared/src/component.ts';
import { ManualClock } from '../../greengrass-components/shared/src/testing/manual-clock.ts';
import { TestCloudBus } from '../../greengrass-components/shared/src/testing/test-cloud-bus.ts';
import { TestHost } from '../../greengrass-components/shared/src/testing/test-host.ts';
import { TestLocalBus } from '../../greengrass-components/shared/src/testing/test-local-bus.ts';
import type { TestLog } from '../../greengrass-components/shared/src/testing/test-log.ts';
import { configurationSchema as spoolSchema } from '../../greengrass-components/store-and-forward/src/configuration.ts';
import { StoreAndForward } from '../../greengrass-components/store-and-forward/src/store-and-forward.ts';

export interface MemoryCoreOptions {
  /** ms since the epoch */
  readonly from: number;
  /** `components`: the edge as it is deployed. `spool`: what was read goes to the cloud, each value of it. */
  readonly edge: 'components' | 'spool';
  /** In the form of the component's configuration. */
  readonly rules?: NonNullable<z.input<typeof rulesSchema>['rules']>;
}

/** What the cloud has received of a core. */
export interface Received {
  readonly messages: number;
  /** Topics and payloads. */
  readonly bytes: number;
  readonly telemetry: readonly TelemetryMessage[];
  readonly events: readonly TelemetryMessage[];
}

/**
 * The components of a core in one process, on a bus and a clock in memory and with their files on the disk: hours of a plant in
 * seconds. Field messages come from whoever publishes them, and every write is answered as done.
 */
export class MemoryCore {
  readonly clock: ManualClock;
  readonly bus = new TestLocalBus();
  readonly cloud: TestCloudBus;
  readonly spool = new StoreAndForward();
  /** By component. */
  readonly logs = new Map<string, TestLog>();
  readonly #ends: (() => Promise<void>)[] = [];
  readonly #edge: MemoryCoreOptions['edge'];

  private constructor({ edge, from }: MemoryCoreOptions) {
    this.#edge = edge;
    this.clock = new ManualClock(from);
    this.cloud = new TestCloudBus(this.clock);
  }

  static async start(options: MemoryCoreOptions): Promise<MemoryCore> {
    const core = new MemoryCore(options);
    await core.#start(core.spool, spoolSchema, { site: 'north' });
    if (options.edge === 'spool') return core;
    await core.bus.portOf(silent).subscribe(ALL_WRITE_TOPICS, (message, topic) => core.#written(message, topic));
    await core.#start(new EdgeAggregator(), aggregatorSchema, {});
    await core.#start(new AnomalyDetector(), detectorSchema, {});
    await core.#start(new LocalRules(), rulesSchema, { rules: options.rules ?? {} });
    return core;
  }

  async field(message: FieldMessage): Promise<void> {
    if (this.#edge === 'components') return this.bus.publish(fieldTopic(message.source), message);
    const [first] = message.values;
    if (first === undefined) return;
    const values = Object.fromEntries(message.values.map(({ series, value }) => [series, value]));
    const upload: UploadMessage = {
      version: 1,
      uploadId: randomBytes(16).toString('hex'),
      channel: 'telemetry',
      priority: 'normal',
      samples: [{ time: first.time, values }],
    };
    await this.bus.publish(UPLOAD_TOPIC, upload);
  }

  /** Lets the clock go on, and the disk keep up with it. */
  async advance(milliseconds: number): Promise<void> {
    await this.clock.advance(milliseconds);
    await pause();
  }

  /** Until nothing has been given, or waited in the spool, for a while; at most `patience` s of the core's clock. @returns whether it came to that */
  async drained(patience: number): Promise<boolean> {
    let quiet = 0;
    let given = 0;
    for (let second = 0; second < patience && quiet < QUIET_SECONDS; second++) {
      await this.advance(1_000);
      await pause(5);
      const now = this.bus.messages(UPLOAD_TOPIC).length;
      quiet = now === given && this.spool.stats?.waiting === 0 ? quiet + 1 : 0;
      given = now;
    }
    return quiet >= QUIET_SECONDS;
  }

  get received(): Received {
    const read = (channel: string) => this.cloud.messages(`$aws/rules/+/+/+/+/+/${channel}`) as TelemetryMessage[];
    return {
      messages: this.cloud.arrived.length,
      bytes: this.cloud.arrived.reduce((sum, { payload, topic }) => sum + payload.length + topic.length, 0),
      telemetry: read('telemetry'),
      events: read('event'),
    };
  }

  async stop(): Promise<void> {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  async #start<S extends z.ZodType>(component: Component<z.output<S>>, schema: S, configuration: z.input<S>) {
    const host = new TestHost(schema, configuration, { bus: this.bus, clock: this.clock, cloud: this.cloud });
    this.logs.set(component.name, host.log);
    await component.start(host);
    this.#ends.push(async () => {
      host.abort();
      await component.stop();
      host.remove();
    });
  }

  #written(message: unknown, topic: string): void {
    const { requestId } = message as WriteRequest;
    const source = topic.slice(topic.lastIndexOf('/') + 1);
    const answer = { version: 1, requestId, ok: true, time: this.clock.now() };
    void this.bus.publish(writtenTopic(source), answer);
  }
}

/** Longer than the aggregator waits for late values. */
const QUIET_SECONDS = 90;

/** Real time, for files. */
function pause(milliseconds = 1): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const silent = { debug() {}, info() {}, warn() {}, error() {} };
