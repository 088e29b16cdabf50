import { randomBytes } from 'node:crypto';
import {
  STORED_TOPIC,
  type StoredMessage,
  type TelemetryMessage,
  UPLOAD_TOPIC,
  type UploadMessage,
} from '@fleetwright/contracts';
import type { FileSystem } from '@fleetwright/durable-queue';
import type { ManualClock } from '../../../shared/src/testing/manual-clock.ts';
import type { TestCloudBus } from '../../../shared/src/testing/test-cloud-bus.ts';
import { TestHost, type TestHostOptions } from '../../../shared/src/testing/test-host.ts';
import { configurationSchema } from '../configuration.ts';
import { StoreAndForward } from '../store-and-forward.ts';

type Input = Parameters<typeof configurationSchema.parse>[0] & object;
type Host = TestHost<typeof configurationSchema>;

/** A spool on a host in memory, with its files on the disk. For tests. */
export class SpoolBench {
  readonly host: Host;
  readonly component: StoreAndForward;
  /** What has broken it. */
  readonly broken: Error[] = [];
  readonly #unanswered = new Set<string>();
  readonly #stored = new Set<string>();

  private constructor(host: Host, fileSystem: FileSystem | undefined) {
    this.host = host;
    this.component = new StoreAndForward({ onBroken: (error) => this.broken.push(error), fileSystem });
  }

  static async start(
    configuration: Input = {},
    { fileSystem, ...options }: TestHostOptions & { readonly fileSystem?: FileSystem } = {},
  ): Promise<SpoolBench> {
    const input = { site: 'lakeside', ...configuration };
    const bench = new SpoolBench(new TestHost(configurationSchema, input as never, options), fileSystem);
    await bench.host.local.subscribe(STORED_TOPIC, (message) => {
      const { ok, uploadId } = message as StoredMessage;
      bench.#unanswered.delete(uploadId);
      if (ok) bench.#stored.add(uploadId);
    });
    await bench.component.start(bench.host);
    return bench;
  }

  get clock(): ManualClock {
    return this.host.clock;
  }

  get cloud(): TestCloudBus {
    return this.host.cloud;
  }

  /** Gives an upload. @returns its id */
  async give(part: Partial<UploadMessage> = {}): Promise<string> {
    const upload: UploadMessage = {
      version: 1,
      uploadId: randomBytes(16).toString('hex'),
      channel: 'telemetry',
      priority: 'normal',
      samples: [{ time: this.clock.now(), values: { level_mean: 1 } }],
      ...part,
    };
    this.#unanswered.add(upload.uploadId);
    await this.host.bus.publish(UPLOAD_TOPIC, upload);
    return upload.uploadId;
  }

  /** What it has answered. */
  get answers(): readonly StoredMessage[] {
    return this.host.bus.messages(STORED_TOPIC) as StoredMessage[];
  }

  isStored(uploadId: string): boolean {
    return this.#stored.has(uploadId);
  }

  /** Messages that the cloud has, in the order in which they came. */
  get arrived(): readonly (TelemetryMessage & { readonly topic: string; readonly text: string })[] {
    return this.cloud.arrived
      .filter(({ topic }) => !topic.endsWith('/echo'))
      .map(({ payload, topic }) => {
        const text = Buffer.from(payload).toString('utf8');
        return { ...(JSON.parse(text) as TelemetryMessage), topic, text };
      });
  }

  /** Times of all samples that the cloud has. */
  get times(): readonly number[] {
    return this.arrived.flatMap(({ samples }) => samples.map(({ time }) => time));
  }

  /** Lets the clock go on, and the disk keep up with it, until the condition holds. */
  async until(condition: () => boolean, step = 200): Promise<void> {
    const deadline = Date.now() + 20_000;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error(`it did not come: ${JSON.stringify(this.component.stats)}`);
      await this.clock.advance(step);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  /** Until all that was given to this run is answered, and has left the spool. */
  async drained(step?: number): Promise<void> {
    await this.until(() => this.#unanswered.size === 0 && this.component.stats?.waiting === 0, step);
  }

  /** The process dies, or is stopped, and another begins with its files. */
  async restart(configuration: Input = {}): Promise<SpoolBench> {
    await this.component.stop();
    const { bus, clock, cloud, workDirectory } = this.host;
    return SpoolBench.start(configuration, { bus, clock, cloud, workDirectory });
  }

  async end(): Promise<void> {
    await this.component.stop();
    this.host.remove();
  }
}
