import { basicIngestTopic, channelTopic, type Sample, type TelemetryMessage } from '@fleetwright/contracts';
import type { QueueReport } from '@fleetwright/durable-queue';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature, FeatureContext } from '../feature.ts';
import type { StateDirectory } from '../state-directory.ts';
import { DiskQueue } from './disk-queue.ts';
import { DropAccount, type DropReport } from './drop-account.ts';
import { encodeSample } from './encode-sample.ts';
import { LaneReader, type OutgoingMessage } from './lane-reader.ts';
import { LaneWriter } from './lane-writer.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { SampleQueue } from './sample-queue.ts';
import { Sender } from './sender.ts';
import { SequenceBook } from './sequence-book.ts';
import { STAMP_BYTES } from './stamped-sample.ts';
import { LANES, type Lane, laneOf, type SampleChannel } from './telemetry-lanes.ts';
import {
  maxSampleBytes,
  type ReportingSchedule,
  type SettledOptions,
  settleTelemetry,
  type TelemetryOptions,
} from './telemetry-options.ts';
import { LEAST_KNOWN_TIME, TimeRepair } from './time-repair.ts';

export interface TakeOptions {
  /** `alarm` goes before everything else, alone in its message, and is dropped last. It goes out as an event. @default 'normal' */
  readonly priority?: 'alarm' | 'normal';
}

export interface TelemetryStats {
  /** Samples stored and not acknowledged. */
  readonly waiting: number;
  /** Bytes of what waits. */
  readonly bytes: number;
  /** Messages sent and not acknowledged. */
  readonly inFlight: number;
  readonly acknowledgedMessages: number;
  readonly acknowledgedSamples: number;
  /** Of those, messages that an earlier process may have sent already. */
  readonly repeatedMessages: number;
  /** Samples that were promised a place and lost it. */
  readonly droppedSamples: number;
}

/** Where samples lie, and what makes messages of them. */
interface Store {
  readonly queue: SampleQueue;
  readonly sequences: SequenceBook;
  readonly times: TimeRepair;
}

/** What runs between `start` and `stop`. */
interface Running extends Store {
  readonly context: FeatureContext;
  readonly writers: ReadonlyMap<string, LaneWriter>;
  readonly readers: ReadonlyMap<string, LaneReader>;
  readonly sender: Sender;
  readonly sealTimers: Map<string, { cancel(): void }>;
  readonly endings: (() => void)[];
}

/**
 * Samples on their way to the cloud, through a queue that outlives the process.
 *
 * INVARIANTS
 * - A sample whose `put` has resolved is delivered at least once, unless the queue drops it, which is counted and told.
 * - Samples of a channel arrive in the order in which they were given; alarms overtake.
 * - Boot id, sequence and bytes of a message are the same whenever it is sent, whichever process sends it.
 */
export class TelemetryFeature implements DeviceFeature {
  readonly name = 'telemetry';
  readonly #options: TelemetryOptions;
  readonly #settled: SettledOptions;
  #schedule: ReportingSchedule;
  #running: Running | undefined;
  #drops: DropAccount | undefined;
  /** Outlives a stop: what is in memory is nowhere else. */
  #memory: (Store & { readonly bootId: number }) | undefined;
  #acknowledgedMessages = 0;
  #acknowledgedSamples = 0;
  #repeatedMessages = 0;
  #idle: (() => void)[] = [];

  /** @throws DeviceError `INPUT_INVALID` */
  constructor(options: TelemetryOptions = {}) {
    this.#options = options;
    this.#settled = settleTelemetry(options);
    this.#schedule = { samplesPerMessage: this.#settled.samplesPerMessage, maxDelay: this.#settled.maxDelay };
  }

  /** @throws QueueError `LOCKED`, `DIRECTORY_UNUSABLE`; DeviceError `STATE_UNUSABLE` */
  async start(context: FeatureContext): Promise<void> {
    if (this.#running !== undefined) return;
    const { clock, link, random } = context;
    const total = this.#drops?.total ?? 0;
    this.#drops = new DropAccount(clock, (report) => this.#tellDrop(report));
    this.#drops.total = total;
    const { queue, sequences, times } = await this.#openQueue(context);
    const writers = new Map<string, LaneWriter>();
    const readers = new Map<string, LaneReader>();
    const sealTimers = new Map<string, { cancel(): void }>();
    for (const lane of LANES) {
      const writer = new LaneWriter(lane, {
        queue,
        bootId: context.bootId,
        nextSequence: (channel) => sequences.next(channel),
        samplesPerMessage: () =>
          link.connected ? this.#schedule.samplesPerMessage : this.#settled.backlogSamplesPerMessage,
        maxPayloadBytes: this.#settled.maxPayloadBytes,
        now: () => clock.now(),
        onOpened: () => this.#sealLater(lane),
        onReadable: (samples) => {
          reader.grow(samples);
          sender.pump();
          this.#progress();
        },
      });
      const reader: LaneReader = new LaneReader(lane, queue, {
        ahead: 2 * this.#settled.limits.inFlight,
        isFinished: (bootId, sequence) => writer.isFinished(bootId, sequence),
        finish: (bootId, sample) => times.repair(bootId, sample),
        onForeign: () => context.log.error('an item of the queue is not a sample', { lane: lane.name }),
      });
      writers.set(lane.name, writer);
      readers.set(lane.name, reader);
    }
    const topics = topicsOf(context);
    const sender: Sender = new Sender([...readers.values()], {
      link,
      limits: this.#settled.limits,
      clock,
      random,
      topicOf: (channel) => topics[channel],
      onSent: (message) => {
        if (this.#listens('sent')) this.#options.onSent?.(message.lane.channel, parsed(message));
      },
      onAcknowledged: (message) => this.#acknowledged(message),
      onRetry: ({ lane, sequence }, reason) => this.#options.onRetry?.(lane.channel, sequence, reason),
      onTrouble: (reason) => context.log.error('the telemetry queue fails', { reason }),
      onProgress: () => this.#progress(),
    });
    const endings = [
      link.onConnected(() => {
        // What has gathered meanwhile has waited long enough.
        for (const writer of writers.values()) writer.seal();
        sender.connected();
      }),
    ];
    this.#running = { context, queue, sequences, times, writers, readers, sender, sealTimers, endings };
    if (queue.items > 0) context.log.info('samples wait from before', { samples: queue.items });
    sender.pump();
  }

  /** What is not acknowledged stays in the queue. Features that are stopped in the same turn may still say goodbye. */
  async stop(): Promise<void> {
    await Promise.resolve();
    const running = this.#running;
    if (running === undefined) return;
    this.#drops?.tell();
    this.#running = undefined;
    for (const end of running.endings) end();
    for (const timer of running.sealTimers.values()) timer.cancel();
    running.sender.stop();
    for (const writer of running.writers.values()) writer.seal();
    this.#drops?.stop();
    await running.queue.close();
    running.sequences.close();
    this.#progress();
  }

  /**
   * Resolves when the sample is stored: on disk, as durably as `sync` says.
   * @throws DeviceError `INPUT_INVALID`; `QUEUE_FULL`: wait for {@link room}; `STATE_UNUSABLE`: it may be stored, or
   * not; `STOPPED`
   */
  async put(channel: SampleChannel, sample: Sample, options: TakeOptions = {}): Promise<void> {
    await this.#add(channel, sample, options);
  }

  /**
   * Takes a sample without waiting until it is stored. What is lost after that is counted and told.
   * @throws DeviceError `INPUT_INVALID`, `QUEUE_FULL`, `STOPPED`
   */
  publish(channel: SampleChannel, sample: Sample, options: TakeOptions = {}): void {
    const { context } = this.#mustRun();
    this.#add(channel, sample, options).catch((error: unknown) => {
      context.log.warn('a sample was not stored', { channel, reason: reasonOf(error) });
    });
  }

  /** Resolves when a producer that was told `QUEUE_FULL` may try again. */
  room(channel: SampleChannel, { priority }: TakeOptions = {}): Promise<void> {
    return this.#mustRun().queue.room(laneOf(channel, priority === 'alarm').priority);
  }

  /** From the next message on. @throws DeviceError `INPUT_INVALID` */
  setSchedule(schedule: Partial<ReportingSchedule>): void {
    const next = { ...this.#schedule, ...schedule };
    settleTelemetry({ ...this.#options, ...next });
    this.#schedule = next;
  }

  get schedule(): ReportingSchedule {
    return this.#schedule;
  }

  /** Resolves when everything given so far is acknowledged, or the feature is stopped. */
  async flush(): Promise<void> {
    while (this.#running !== undefined) {
      for (const writer of this.#running.writers.values()) writer.seal();
      if (this.#isIdle(this.#running)) return;
      await new Promise<void>((resolve) => this.#idle.push(resolve));
    }
  }

  get stats(): TelemetryStats {
    return {
      waiting: this.#running?.queue.items ?? 0,
      bytes: this.#running?.queue.bytes ?? 0,
      inFlight: this.#running?.sender.inFlight ?? 0,
      acknowledgedMessages: this.#acknowledgedMessages,
      acknowledgedSamples: this.#acknowledgedSamples,
      repeatedMessages: this.#repeatedMessages,
      droppedSamples: this.#drops?.total ?? 0,
    };
  }

  status(): Readonly<Record<string, unknown>> {
    return { ...this.stats, ...this.#schedule };
  }

  /** Throws at once what the producer must know, and answers with the storing. */
  #add(channel: SampleChannel, sample: Sample, { priority }: TakeOptions): Promise<void> {
    const running = this.#mustRun();
    const lane: Lane = laneOf(channel, priority === 'alarm');
    const bytes = encodeSample(sample, maxSampleBytes(this.#settled));
    if (running.queue.isFull(lane.priority, bytes.length + STAMP_BYTES)) {
      throw new DeviceError('QUEUE_FULL', `${lane.name}: there is no room for more samples`);
    }
    running.times.observe();
    return (running.writers.get(lane.name) as LaneWriter).add(bytes);
  }

  async #openQueue(context: FeatureContext): Promise<Store> {
    const { bootId, clock, state } = context;
    const { leastTime = LEAST_KNOWN_TIME, monotonic = () => performance.now() } = this.#options;
    const timesOf = (kept?: StateDirectory) => new TimeRepair({ bootId, clock, leastTime, monotonic, state: kept });
    if (this.#settled.storage === 'memory') {
      if (this.#memory?.bootId !== bootId) {
        this.#memory = {
          bootId,
          queue: new MemoryQueue(this.#settled.capacity),
          sequences: new SequenceBook(bootId),
          times: timesOf(),
        };
      }
      return this.#memory;
    }
    const { maxAge, maxBytes, sync } = this.#options;
    const queue = await DiskQueue.open({
      directory: state.file('queue'),
      clock,
      onReport: (report) => this.#onReport(context, report),
      ...(sync !== undefined && { sync }),
      ...(maxBytes !== undefined && { maxBytes }),
      ...(maxAge !== undefined && { maxAge }),
    });
    return { queue, sequences: new SequenceBook(bootId, state), times: timesOf(state) };
  }

  /** While there is no connection, nothing is gained by sealing: messages fill up. */
  #sealLater(lane: Lane): void {
    const running = this.#mustRun();
    running.sealTimers.get(lane.name)?.cancel();
    const { clock, link } = running.context;
    const timer = clock.after(this.#schedule.maxDelay, () => {
      running.sealTimers.delete(lane.name);
      if (link.connected) running.writers.get(lane.name)?.seal();
    });
    running.sealTimers.set(lane.name, timer);
  }

  #onReport(context: FeatureContext, report: QueueReport): void {
    this.#options.onReport?.(report);
    const { kind, ...fields } = report;
    context.log.warn(`telemetry queue: ${kind}`, fields);
    if (report.kind === 'dropped') this.#drops?.add({ reason: report.reason, lanes: report.channels });
  }

  /** As an event: the cloud shall know what it will never see. */
  #tellDrop({ lane, reason, samples }: DropReport): void {
    const running = this.#running;
    if (running === undefined) return;
    const values = { samples_dropped: samples, drop_reason: reason, drop_lane: lane };
    try {
      this.publish('event', { time: Math.max(0, Math.floor(running.context.clock.now())), values });
    } catch (error) {
      running.context.log.error('samples were dropped', { ...values, reason: reasonOf(error) });
    }
  }

  #acknowledged(message: OutgoingMessage): void {
    this.#acknowledgedMessages++;
    this.#acknowledgedSamples += message.samples;
    if (message.possibleDuplicate) this.#repeatedMessages++;
    if (this.#listens('acknowledged')) this.#options.onAcknowledged?.(message.lane.channel, parsed(message));
  }

  #listens(event: 'sent' | 'acknowledged'): boolean {
    return this.#options.listens?.(event) ?? true;
  }

  #isIdle({ readers, sender, writers }: Running): boolean {
    for (const { openSamples, unwritten } of writers.values()) if (unwritten > 0 || openSamples > 0) return false;
    return sender.isIdle && [...readers.values()].every(({ isIdle }) => isIdle);
  }

  #progress(): void {
    if (this.#idle.length === 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }

  #mustRun(): Running {
    if (this.#running === undefined) throw new DeviceError('STOPPED', 'the telemetry feature is not running');
    return this.#running;
  }
}

/** Parsed only for those who listen. */
function parsed({ payload }: OutgoingMessage): TelemetryMessage {
  return JSON.parse(payload.toString()) as TelemetryMessage;
}

/** The fleet's configuration says which channels go by Basic Ingest; the others stay where others may listen. */
function topicsOf({ address, identity }: FeatureContext): Record<SampleChannel, string> {
  const { basicIngestChannels = 'telemetry', eventRule, telemetryRule } = identity.configuration;
  const direct = basicIngestChannels.split(',');
  return {
    telemetry: direct.includes('telemetry')
      ? basicIngestTopic(address, 'telemetry', telemetryRule)
      : channelTopic(address, 'telemetry'),
    event: direct.includes('event') ? basicIngestTopic(address, 'event', eventRule) : channelTopic(address, 'event'),
  };
}
