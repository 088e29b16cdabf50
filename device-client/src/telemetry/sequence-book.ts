import type { StateDirectory } from '../state-directory.ts';

const FILE = 'sequences.json';
/** Numbers that are set apart with one write. What a crash leaves unused is a gap only when the same boot goes on. */
const BLOCK = 10_000;
/** Above what a device gives in one boot: where it goes on when the file does not say how far it was. */
const UNKNOWN = 1_000_000_000_000;

interface Kept {
  readonly bootId: number;
  /** Every number given is at most this, in whichever channel. */
  readonly upTo: number;
}

/**
 * Gives the sequence numbers of a boot's messages, by channel.
 *
 * INVARIANT: no number is given twice in one boot, though the feature stop and start again in it (a device that changes
 * its certificate does), cleanly or not: a number is on disk as given before it is.
 */
export class SequenceBook {
  readonly #state: StateDirectory | undefined;
  readonly #bootId: number;
  readonly #last = new Map<string, number>();
  /** Where channels begin that have given none. */
  readonly #floor: number;
  #upTo: number;

  /** Without a directory it remembers for as long as it lives. @throws DeviceError `STATE_UNUSABLE` */
  constructor(bootId: number, state?: StateDirectory) {
    this.#bootId = bootId;
    this.#state = state;
    this.#floor = state === undefined ? 0 : floorOf(state, bootId);
    this.#upTo = this.#floor;
  }

  next(channel: string): number {
    const sequence = (this.#last.get(channel) ?? this.#floor) + 1;
    if (sequence > this.#upTo) this.#reserve(sequence + BLOCK);
    this.#last.set(channel, sequence);
    return sequence;
  }

  /** After a clean stop nothing is skipped. */
  close(): void {
    this.#reserve(Math.max(this.#floor, ...this.#last.values()));
  }

  #reserve(upTo: number): void {
    this.#upTo = upTo;
    this.#state?.write(FILE, `${JSON.stringify({ bootId: this.#bootId, upTo })}\n`);
  }
}

/** A file that cannot be read must not keep a device from reporting: numbers are skipped instead. */
function floorOf(state: StateDirectory, bootId: number): number {
  const text = state.read(FILE);
  if (text === undefined) return 0;
  try {
    const kept = JSON.parse(text) as Partial<Kept> | null;
    if (Number.isSafeInteger(kept?.bootId) && Number.isSafeInteger(kept?.upTo)) {
      return kept?.bootId === bootId ? (kept?.upTo as number) : 0;
    }
  } catch {
    // As any other text that says nothing.
  }
  return UNKNOWN;
}
