import { join } from 'node:path';
import { ALL_FIELD_TOPICS, ANOMALY_TOPIC, fieldMessageSchema, type Sample } from '@fleetwright/contracts';
import type { Component, ComponentHost } from '../../shared/src/component.ts';
import { Uploader } from '../../shared/src/uploader.ts';
import type { DetectorConfiguration } from './configuration.ts';
import { type Anomaly, FieldWatch, type WatchCounts } from './field-watch.ts';
import type { StoredState } from './state-codec.ts';
import { StateFile } from './state-file.ts';

/** ms between two looks for silent series */
const SILENCE_CHECK = 5_000;
/** ms between two lines of the log about values that were left out */
const REPORT_INTERVAL = 600_000;

interface Running {
  readonly host: ComponentHost<DetectorConfiguration>;
  readonly watch: FieldWatch;
  readonly uploader: Uploader;
  readonly file: StateFile;
  readonly timers: Map<string, { cancel(): void }>;
  readonly ends: (() => Promise<void> | void)[];
}

/**
 * Finds anomalies in the values of the field, and tells of them on the anomaly topic and in the cloud.
 *
 * INVARIANTS
 * - An anomaly that was told of on the local topic was kept for the cloud before, on disk.
 * - A kill loses what was learnt since the last copy on disk, at most `saveInterval`, and nothing else.
 */
export class AnomalyDetector implements Component<DetectorConfiguration> {
  readonly name = 'com.fleetwright.AnomalyDetector';
  #running: Running | undefined;
  #telling: Promise<void> = Promise.resolve();
  #malformed = 0;

  async start(host: ComponentHost<DetectorConfiguration>): Promise<void> {
    const { clock, configuration, local } = host;
    const file = new StateFile(join(host.workDirectory, 'series.state'));
    const watch = new FieldWatch(configuration.current, clock.monotonic(), this.#restore(host, file));
    const uploader = await Uploader.open(host, { durable: true });
    const running: Running = { host, watch, uploader, file, timers: new Map(), ends: [] };
    this.#running = running;
    running.ends.push(configuration.onChange((changed) => this.#configure(running, changed)));
    const subscription = await local.subscribe(ALL_FIELD_TOPICS, (message, topic) =>
      this.#take(running, message, topic),
    );
    running.ends.push(() => subscription.end());
    this.#every(
      running,
      'silence',
      () => SILENCE_CHECK,
      () => this.#tell(running, watch.findSilences(clock.monotonic(), clock.now())),
    );
    this.#every(
      running,
      'save',
      () => configuration.current.saveInterval,
      () => void this.#save(running),
    );
    let reported = '';
    this.#every(
      running,
      'report',
      () => REPORT_INTERVAL,
      () => {
        const counts = this.stats;
        if (JSON.stringify(counts) === reported) return;
        reported = JSON.stringify(counts);
        host.log.info('values of the field', { ...counts });
      },
    );
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    for (const timer of running.timers.values()) timer.cancel();
    for (const end of running.ends.reverse()) await end();
    await this.#telling;
    await this.#save(running);
    await running.uploader.close();
  }

  /** Undefined: it does not run. */
  get stats(): (WatchCounts & { readonly series: number; readonly malformed: number }) | undefined {
    const watch = this.#running?.watch;
    return watch && { ...watch.counts, series: watch.size, malformed: this.#malformed };
  }

  #restore({ log }: ComponentHost<DetectorConfiguration>, file: StateFile): StoredState | undefined {
    try {
      return file.read();
    } catch (error) {
      log.warn('what was learnt cannot be read; it begins anew', { reason: String(error) });
      return undefined;
    }
  }

  #configure(running: Running, configuration: DetectorConfiguration): void {
    running.watch.configure(configuration);
    running.timers.get('save')?.cancel();
    this.#every(
      running,
      'save',
      () => configuration.saveInterval,
      () => void this.#save(running),
    );
  }

  #take(running: Running, message: unknown, topic: string): void {
    const read = fieldMessageSchema.safeParse(message);
    if (!read.success) {
      this.#malformed++;
      const problems = read.error.issues
        .slice(0, 3)
        .map(({ message: problem, path }) => `${path.join('.')}: ${problem}`);
      running.host.log.warn('a message is no field message', { topic, problems });
      return;
    }
    this.#tell(running, running.watch.take(read.data, running.host.clock.monotonic()));
  }

  #tell(running: Running, anomalies: readonly Anomaly[]): void {
    if (anomalies.length === 0) return;
    const { host, uploader } = running;
    this.#telling = this.#telling
      .then(async () => {
        await uploader.give('event', 'alarm', anomalies.map(toSample));
        for (const { message } of anomalies) await host.local.publish(ANOMALY_TOPIC, message);
      })
      .catch((error) => host.log.error('an anomaly could not be told of', { reason: String(error) }));
  }

  async #save({ file, host, watch }: Running): Promise<void> {
    try {
      await file.write(watch.snapshot());
    } catch (error) {
      host.log.error('what was learnt cannot be written', { reason: String(error) });
    }
  }

  #every(running: Running, name: string, milliseconds: () => number, task: () => void): void {
    const again = (): void => {
      running.timers.set(
        name,
        running.host.clock.after(milliseconds(), () => {
          task();
          again();
        }),
      );
    };
    again();
  }
}

function toSample({ message, reason }: Anomaly): Sample {
  return {
    time: message.time,
    values: {
      anomaly_series: message.series,
      anomaly_reason: reason,
      anomaly_score: message.score,
      anomaly_value: message.value,
      expected_low: message.expected.low,
      expected_high: message.expected.high,
      anomaly_explanation: message.explanation,
    },
  };
}
