import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { MqttSource } from '../configuration/mqtt-source.ts';
import { type PayloadReader, PayloadRefused, readPayload } from '../payload/read-payload.ts';
import { type FieldSource, type SourcePorts, type SourceStatus, WriteRefused } from '../points/field-source.ts';
import { type PointTable, type RawReading, unscaled } from '../points/point-table.ts';
import { RateLimit } from '../points/rate-limit.ts';
import type { DeviceBroker } from './device-broker.ts';

const MAX_WRITES = 32;

const writtenSchema = z.object({
  requestId: z.string().max(64),
  ok: z.boolean(),
  detail: z.string().max(512).optional(),
});

/**
 * A device that publishes by itself. A point is looked for at its pointer or record, or else at the member of its own name; a
 * message need not have all of them.
 */
export class MqttFieldSource implements FieldSource {
  readonly #name: string;
  readonly #configuration: MqttSource;
  readonly #table: PointTable;
  readonly #ports: SourcePorts;
  readonly #broker: DeviceBroker;
  readonly #limit: RateLimit;
  readonly #writes = new Map<string, (outcome: { ok: boolean; detail?: string | undefined }) => void>();
  #silence: { cancel(): void } | undefined;
  #silent = false;
  #answers = 0;
  #failures = 0;
  #rubbish = 0;

  constructor(name: string, configuration: MqttSource, table: PointTable, ports: SourcePorts, broker: DeviceBroker) {
    this.#name = name;
    this.#configuration = configuration;
    this.#table = table;
    this.#ports = ports;
    this.#broker = broker;
    this.#limit = new RateLimit(configuration.maxRate, ports.clock);
  }

  start(): void {
    this.#watch();
    this.#broker.attach(this.#name, {
      identity: this.#configuration.identity,
      onField: (payload) => this.#take(payload),
      onWritten: (payload) => this.#settle(payload),
    });
  }

  async stop(): Promise<void> {
    this.#silence?.cancel();
    this.#broker.detach(this.#name);
    for (const settle of this.#writes.values()) settle({ ok: false, detail: 'the source is stopped' });
  }

  status(): SourceStatus {
    const troubles = this.#table.troubles;
    const [first] = troubles.values();
    const problem = this.#silent ? this.#silenceReason : first;
    const state = this.#silent ? 'silent' : this.#answers === 0 ? 'starting' : troubles.size > 0 ? 'partly' : 'good';
    return {
      state,
      ...(problem !== undefined && state !== 'good' && { problem }),
      answers: this.#answers,
      failures: this.#failures,
      dropped: this.#limit.refused + this.#rubbish,
    };
  }

  async write(name: string, value: number | boolean, expired: () => boolean): Promise<void> {
    const point = this.#configuration.points[name];
    if (point === undefined) throw new WriteRefused(`there is no point ${name}`);
    if (!this.#broker.isConnected(this.#name)) throw new WriteRefused('the device is not connected');
    if (this.#writes.size >= MAX_WRITES) throw new WriteRefused(`${MAX_WRITES} requests are under way`);
    if (expired()) throw new WriteRefused('expired');
    const requestId = randomBytes(16).toString('hex');
    const raw = typeof value === 'number' ? unscaled(value, point) : value;
    const outcome = await new Promise<{ ok: boolean; detail?: string | undefined }>((resolve) => {
      const timer = this.#ports.clock.after(this.#configuration.timeoutMs, () => {
        this.#writes.delete(requestId);
        resolve({ ok: false, detail: 'perhaps not written: no answer in time' });
      });
      this.#writes.set(requestId, (settled) => {
        timer.cancel();
        this.#writes.delete(requestId);
        resolve(settled);
      });
      this.#broker.request(this.#name, JSON.stringify({ requestId, point: name, value: raw }));
    });
    if (!outcome.ok) throw new WriteRefused(outcome.detail ?? 'the device refuses it');
  }

  #take(payload: Buffer): void {
    if (!this.#limit.take()) return;
    const time = this.#ports.clock.now();
    let read: PayloadReader;
    try {
      read = readPayload(payload, this.#configuration.format, undefined, time);
    } catch (error) {
      this.#failures++;
      this.#rubbish++;
      const reason = error instanceof PayloadRefused ? `a message ${error.message}` : 'a message makes no sense';
      this.#table.refused(this.#table.names, reason, time);
      return;
    }
    // A plain number is the value of a device that has one point.
    const only = (whole: PayloadReader) => (this.#table.names.length === 1 ? whole({}) : undefined);
    const readings: RawReading[] = [];
    for (const [name, point] of Object.entries(this.#configuration.points)) {
      const place = point.pointer === undefined && point.record === undefined ? { pointer: `/${name}` } : point;
      const found = read(place) ?? (place === point ? undefined : (read({ record: name }) ?? only(read)));
      if (found !== undefined) readings.push({ point: name, raw: found.raw, time: found.time ?? time });
    }
    if (readings.length === 0) {
      this.#failures++;
      this.#rubbish++;
      return;
    }
    this.#answers++;
    this.#watch();
    this.#table.read(readings);
  }

  #settle(payload: Buffer): void {
    if (!this.#limit.take()) return;
    let message: unknown;
    try {
      message = JSON.parse(payload.toString('utf8'));
    } catch {
      message = undefined;
    }
    const read = writtenSchema.safeParse(message);
    const settle = read.success ? this.#writes.get(read.data.requestId) : undefined;
    if (!read.success || settle === undefined) this.#rubbish++;
    else settle(read.data);
  }

  get #silenceReason(): string {
    return `no message for ${this.#configuration.silentAfterMs} ms`;
  }

  #watch(): void {
    this.#silent = false;
    this.#silence?.cancel();
    this.#silence = this.#ports.clock.after(this.#configuration.silentAfterMs, () => {
      this.#silent = true;
      this.#table.silent(this.#table.names, this.#silenceReason, this.#ports.clock.now());
    });
  }
}
