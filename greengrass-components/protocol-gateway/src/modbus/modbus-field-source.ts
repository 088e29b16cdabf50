import type { ModbusSource } from '../configuration/modbus-source.ts';
import { type FieldSource, type SourcePorts, type SourceStatus, WriteRefused } from '../points/field-source.ts';
import type { PointTable, RawReading } from '../points/point-table.ts';
import { ModbusConnection, ModbusTrouble } from './modbus-connection.ts';
import { encodePoint, readBlock, writePoint } from './modbus-requests.ts';
import { planReads, type ReadBlock, splitBlock } from './poll-plan.ts';

/** Exceptions that one point of a block may be the reason of: illegal data address, illegal data value. */
const OF_A_POINT: readonly (number | undefined)[] = [2, 3];
const LEAST_SILENCE_MS = 3_000;

interface Polled {
  readonly block: ReadBlock;
  /** Monotonic ms of the last answer. */
  answeredAt: number;
}

interface Group {
  readonly intervalMs: number;
  readonly silentAfterMs: number;
  blocks: Polled[];
  polling: boolean;
  again: boolean;
  timer: { cancel(): void } | undefined;
}

/** A Modbus unit. Each poll group goes at its own pace, on one connection; requests to write have theirs. */
export class ModbusFieldSource implements FieldSource {
  readonly #configuration: ModbusSource;
  readonly #ports: SourcePorts;
  readonly #table: PointTable;
  readonly #polls: ModbusConnection;
  readonly #writes: ModbusConnection;
  readonly #groups: Group[] = [];
  #stopped = false;
  #answers = 0;
  #failures = 0;
  #problem: string | undefined;

  constructor(configuration: ModbusSource, table: PointTable, ports: SourcePorts) {
    this.#configuration = configuration;
    this.#table = table;
    this.#ports = ports;
    this.#polls = new ModbusConnection(configuration, ports);
    const writes = Object.values(configuration.points).some(({ writable }) => writable !== false);
    const own = writes && configuration.writeConnection === 'own';
    this.#writes = own ? new ModbusConnection(configuration, ports) : this.#polls;
  }

  start(): void {
    const { groups, points } = this.#configuration;
    this.#polls.open();
    if (this.#writes !== this.#polls) this.#writes.open();
    const now = this.#ports.clock.monotonic();
    for (const [name, { intervalMs }] of Object.entries(groups)) {
      const own = Object.entries(points).filter(([, { group }]) => group === name);
      if (own.length === 0) continue;
      const blocks = planReads(
        own.map(([point, options]) => ({ name: point, point: options })),
        this.#configuration,
      );
      const silentAfterMs = this.#configuration.silentAfterMs ?? Math.max(LEAST_SILENCE_MS, 3 * intervalMs);
      const group: Group = {
        intervalMs,
        silentAfterMs,
        blocks: blocks.map((block) => ({ block, answeredAt: now })),
        polling: false,
        again: false,
        timer: undefined,
      };
      this.#groups.push(group);
      this.#schedule(group, Math.min(100, intervalMs));
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timer } of this.#groups) timer?.cancel();
    await Promise.all([this.#polls.close(), this.#writes.close()]);
  }

  status(): SourceStatus {
    const silent = this.#groups.flatMap(({ blocks, silentAfterMs }) =>
      blocks.map(({ answeredAt }) => this.#ports.clock.monotonic() - answeredAt >= silentAfterMs),
    );
    const troubles = this.#table.troubles;
    const [first] = troubles.values();
    const problem = this.#problem ?? first;
    // What does not answer one request is silent altogether, however slow its other groups are.
    const state =
      silent.every(Boolean) || (this.#problem !== undefined && silent.some(Boolean))
        ? 'silent'
        : this.#answers === 0
          ? 'starting'
          : silent.some(Boolean) || troubles.size > 0
            ? 'partly'
            : 'good';
    return {
      state,
      ...(problem !== undefined && state !== 'good' && { problem }),
      answers: this.#answers,
      failures: this.#failures,
      dropped: 0,
    };
  }

  async write(name: string, value: number | boolean, expired: () => boolean): Promise<void> {
    const point = this.#configuration.points[name];
    if (point === undefined) throw new WriteRefused(`there is no point ${name}`);
    let encoded: boolean | Buffer;
    try {
      encoded = encodePoint(point, value);
    } catch (error) {
      throw new WriteRefused(error instanceof Error ? error.message : String(error));
    }
    const connection = this.#writes.ready ? this.#writes : this.#polls;
    try {
      await connection.request(async (client) => {
        if (expired()) throw new WriteRefused('expired while it waited');
        await writePoint(client, point, encoded);
      }, true);
    } catch (error) {
      if (!(error instanceof ModbusTrouble)) throw error;
      const { kind, message } = error;
      throw new WriteRefused(kind === 'exception' || kind === 'offline' ? message : `perhaps not written: ${message}`);
    }
    const group = this.#groups.find(({ blocks }) =>
      blocks.some(({ block }) => block.points.some((at) => at.name === name)),
    );
    if (group !== undefined) this.#poll(group);
  }

  #schedule(group: Group, milliseconds: number): void {
    if (this.#stopped) return;
    group.timer?.cancel();
    group.timer = this.#ports.clock.after(milliseconds, () => this.#poll(group));
  }

  #poll(group: Group): void {
    if (group.polling) {
      group.again = true;
      return;
    }
    group.polling = true;
    group.timer?.cancel();
    const { clock, log } = this.#ports;
    const begun = clock.monotonic();
    this.#round(group)
      .catch((error: unknown) => log.error('a poll failed', { reason: String(error) }))
      .finally(() => {
        group.polling = false;
        // A device that is slower than its interval is asked again at once, but by one request at a time.
        const wait = group.again ? 0 : begun + group.intervalMs - clock.monotonic();
        group.again = false;
        this.#schedule(group, Math.max(1, wait));
      });
  }

  async #round(group: Group): Promise<void> {
    const { clock } = this.#ports;
    const blocks: Polled[] = [];
    let readings: RawReading[] = [];
    const publish = (): void => {
      this.#table.read(readings);
      readings = [];
    };
    let down: string | undefined;
    for (const polled of group.blocks) {
      if (this.#stopped) return;
      if (down !== undefined) {
        blocks.push(polled);
        continue;
      }
      const { block } = polled;
      try {
        const values = await this.#polls.request((client) => readBlock(client, block));
        polled.answeredAt = clock.monotonic();
        this.#answers++;
        this.#problem = undefined;
        const time = clock.now();
        for (const [point, raw] of values) readings.push({ point, raw, time });
        blocks.push(polled);
      } catch (error) {
        publish();
        if (!(error instanceof ModbusTrouble)) throw error;
        this.#failures++;
        if (error.kind !== 'exception') {
          // Whoever does not answer this would not answer the next either.
          down = error.message;
          blocks.push(polled);
          continue;
        }
        polled.answeredAt = clock.monotonic();
        const parts = OF_A_POINT.includes(error.code) ? splitBlock(block) : undefined;
        if (parts === undefined) {
          const names = block.points.map(({ name }) => name);
          this.#table.refused(names, error.message, clock.now());
          blocks.push(polled);
        } else {
          for (const part of parts) blocks.push({ block: part, answeredAt: polled.answeredAt });
          group.again = true;
        }
      }
    }
    publish();
    group.blocks = blocks;
    if (down !== undefined) this.#problem = down;
    for (const { answeredAt, block } of blocks) {
      if (down === undefined || clock.monotonic() - answeredAt < group.silentAfterMs) continue;
      const names = block.points.map(({ name }) => name);
      this.#table.silent(names, down, clock.now());
    }
  }
}
