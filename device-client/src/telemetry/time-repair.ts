import type { StateDirectory } from '../state-directory.ts';

export interface TimeRepairPorts {
  readonly bootId: number;
  readonly clock: { now(): number };
  /** ms since the epoch: a clock that says less does not know the time. */
  readonly leastTime: number;
  /** ms since any moment, never set */
  readonly monotonic: () => number;
  /** Without one, what is found out ends with the process, as the samples do. */
  readonly state: StateDirectory | undefined;
}

/** 2020-01-01: before, no device of this kind was there to know the time. */
export const LEAST_KNOWN_TIME = 1_577_836_800_000;
const FILE = 'clock-offsets.json';
/** Boots whose offsets are kept: those that samples may still wait of. */
const KEPT_BOOTS = 64;
const BEFORE_TIME = '{"time":';
const COMMA = 0x2c;

/**
 * Gives samples their time that were taken before the device knew it. A device without a battery for its clock starts
 * in 1970 (or where its files end) and is told the time later: what it took meanwhile is then moved by as much as the
 * clock was.
 *
 * INVARIANT: a sample gets the same time in every message, by whichever process it is sent: the offset of a boot is on disk
 * before it is used, and stays.
 */
export class TimeRepair {
  readonly #ports: TimeRepairPorts;
  readonly #offsets: Map<number, number>;
  /** When the device believed to have started, as long as it knew no better. */
  #start: number | undefined;

  constructor(ports: TimeRepairPorts) {
    this.#ports = ports;
    this.#offsets = readOffsets(ports.state);
  }

  /** To be called when a sample is taken. */
  observe(): void {
    const now = this.#ports.clock.now();
    if (now < this.#ports.leastTime) this.#start = now - this.#ports.monotonic();
  }

  /** @param sample its JSON, beginning with its time */
  repair(bootId: number, sample: Buffer): Buffer {
    const comma = sample.indexOf(COMMA);
    const time = Number(sample.toString('latin1', BEFORE_TIME.length, comma));
    if (!(time < this.#ports.leastTime)) return sample;
    const offset = this.#offsetOf(bootId);
    if (offset === undefined) return sample;
    return Buffer.concat([Buffer.from(`${BEFORE_TIME}${time + offset}`), sample.subarray(comma)]);
  }

  #offsetOf(bootId: number): number | undefined {
    const known = this.#offsets.get(bootId);
    if (known !== undefined) return known;
    const { clock, leastTime, monotonic, state } = this.#ports;
    const now = clock.now();
    if (bootId !== this.#ports.bootId || this.#start === undefined || now < leastTime) return undefined;
    const offset = Math.round(now - monotonic() - this.#start);
    this.#offsets.set(bootId, offset);
    for (const [old] of this.#offsets) if (this.#offsets.size > KEPT_BOOTS) this.#offsets.delete(old);
    state?.write(FILE, `${JSON.stringify(Object.fromEntries(this.#offsets))}\n`);
    return offset;
  }
}

/** A file that says nothing leaves samples as they are: the cloud then says that they are too old. */
function readOffsets(state: StateDirectory | undefined): Map<number, number> {
  try {
    const kept = JSON.parse(state?.read(FILE) ?? '{}') as Record<string, unknown>;
    return new Map(
      Object.entries(kept).flatMap(([boot, offset]) =>
        Number.isSafeInteger(offset) ? [[Number(boot), offset as number] as const] : [],
      ),
    );
  } catch {
    return new Map();
  }
}
