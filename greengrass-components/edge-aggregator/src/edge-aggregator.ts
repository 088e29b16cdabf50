import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { ALL_FIELD_TOPICS, ANOMALY_TOPIC, anomalyMessageSchema } from '@fleetwright/contracts';
import type { Component, ComponentHost } from '../../shared/src/component.ts';
import { FollowedShadow } from '../../shared/src/followed-shadow.ts';
import { readFieldMessage } from '../../shared/src/read-field-message.ts';
import { Uploader } from '../../shared/src/uploader.ts';
import type { AggregationSettings, AggregatorConfiguration } from './configuration.ts';
import { AGGREGATOR_SHADOW, isSame, type RawAnswer, readRawRequest, reportOf } from './raw-on-demand.ts';
import { DurableAggregation } from './state/durable-aggregation.ts';

/** ms between looks for windows that are due */
const TICK = 1_000;
/** ms between lines of the log about what was refused */
const REPORT_EVERY = 60_000;

type Host = ComponentHost<AggregatorConfiguration>;

/**
 * Turns field values into summaries.
 *
 * INVARIANT: what was taken more than `journal.delay` ms before a `kill -9` is in a window after it, once; a summary is given to
 * the spool once, or again as the same.
 */
export class EdgeAggregator implements Component<AggregatorConfiguration> {
  readonly name = 'com.fleetwright.EdgeAggregator';
  #host: Host | undefined;
  #uploader: Uploader | undefined;
  #durable: DurableAggregation | undefined;
  #shadow: FollowedShadow | undefined;
  readonly #subscriptions: { end(): Promise<void> }[] = [];
  readonly #timers = new Map<string, { cancel(): void }>();
  #stopFollowing = (): void => {};
  #answer: RawAnswer = { kind: 'none' };
  #answered: number | undefined;
  /** Messages that were none. */
  #invalid = 0;
  #logged = '';

  async start(host: Host): Promise<void> {
    this.#host = host;
    const { clock, configuration, local, log, shadows, workDirectory } = host;
    const uploader = await Uploader.open(host, { durable: true, maxBytes: configuration.current.uploads.maxBytes });
    this.#uploader = uploader;
    const durable = await DurableAggregation.open({
      directory: join(workDirectory, 'aggregation'),
      settings: aggregationOf(configuration.current),
      run: randomBytes(16).toString('hex'),
      now: clock.now(),
      sync: () => configuration.current.journal.sync,
      checkpointBytes: () => configuration.current.journal.checkpointBytes,
      give: ({ priority, samples, uploadId }) => uploader.give('telemetry', priority, samples, uploadId),
      log,
    });
    this.#durable = durable;
    this.#stopFollowing = configuration.onChange((next) => durable.configure(aggregationOf(next), clock.now()));
    this.#subscriptions.push(
      await local.subscribe(ALL_FIELD_TOPICS, (message) => this.#field(durable, message)),
      await local.subscribe(ANOMALY_TOPIC, (message) => this.#anomaly(durable, message)),
    );
    this.#shadow = new FollowedShadow({ shadows, clock, log }, AGGREGATOR_SHADOW, (desired, version) =>
      this.#asked(durable, desired, version),
    );
    await this.#shadow.start();
    this.#every(
      'tick',
      () => TICK,
      () => this.#tick(durable),
    );
    this.#every(
      'journal',
      () => configuration.current.journal.delay,
      () => durable.flush(),
    );
    this.#every(
      'report',
      () => REPORT_EVERY,
      () => this.#logRefusals(durable),
    );
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    this.#stopFollowing();
    await this.#shadow?.stop();
    for (const subscription of this.#subscriptions.splice(0)) await subscription.end();
    await this.#durable?.close();
    await this.#uploader?.close();
    this.#host = undefined;
  }

  #field(durable: DurableAggregation, message: unknown): void {
    const read = readFieldMessage(message);
    if (read === undefined) this.#invalid++;
    else durable.values(read.values, this.#now());
  }

  #anomaly(durable: DurableAggregation, message: unknown): void {
    const read = anomalyMessageSchema.safeParse(message);
    if (read.success) durable.anomaly(read.data, this.#now());
    else this.#invalid++;
  }

  #tick(durable: DurableAggregation): void {
    const now = this.#now();
    durable.tick(now);
    const { raw } = durable.aggregation;
    if (raw === undefined || !raw.isOver(now)) return;
    this.#report(durable);
    durable.tap(undefined);
  }

  #asked(durable: DurableAggregation, desired: object, version: number | undefined): void {
    const host = this.#host;
    if (host === undefined) return;
    const now = this.#now();
    this.#answer = readRawRequest(desired, host.configuration.current, now);
    this.#answered = version;
    const { raw } = durable.aggregation;
    if (this.#answer.kind !== 'request') {
      if (raw !== undefined) durable.tap(undefined);
    } else if (raw === undefined || !isSame(raw.request, this.#answer.request)) durable.tap(this.#answer.request);
    // Where nobody has ever asked for anything there is no shadow, and none is made.
    if (this.#answer.kind === 'none' && version === undefined) return;
    if (this.#answer.kind === 'refused') host.log.warn('raw values are refused', { detail: this.#answer.detail });
    this.#report(durable);
  }

  #report({ aggregation }: DurableAggregation): void {
    this.#shadow?.report(reportOf(this.#answer, aggregation.raw, this.#now(), this.#answered));
  }

  #logRefusals({ aggregation }: DurableAggregation): void {
    const { anomaliesUnknown, ahead, batchesDropped, percentilesGivenUp, seriesRefused, valuesRefused } =
      aggregation.counts;
    const refusals = {
      anomaliesUnknown,
      ahead,
      batchesDropped,
      invalid: this.#invalid,
      percentilesGivenUp,
      seriesRefused,
      valuesRefused,
    };
    const text = JSON.stringify(refusals);
    if (text === this.#logged || Object.values(refusals).every((count) => count === 0)) return;
    this.#logged = text;
    const { memory, refused, seriesCount } = aggregation;
    this.#host?.log.warn('something was refused', {
      ...refusals,
      series: seriesCount,
      memory,
      refusedSeries: [...refused].slice(0, 10),
    });
  }

  #every(name: string, milliseconds: () => number, task: () => unknown): void {
    const again = async (): Promise<void> => {
      await task();
      if (this.#timers.has(name)) this.#every(name, milliseconds, task);
    };
    const timer = this.#host?.clock.after(milliseconds(), () => void again());
    if (timer !== undefined) this.#timers.set(name, timer);
  }

  #now(): number {
    return this.#host?.clock.now() ?? 0;
  }
}

function aggregationOf(configuration: AggregatorConfiguration): AggregationSettings {
  const { defaults, forgetAfter, maxMemory, maxSeries, series } = configuration;
  return { defaults, forgetAfter, maxMemory, maxSeries, series };
}
