import * as z from 'zod';
import type { DeviceLog } from '../feature.ts';
import type { StateDirectory } from '../state-directory.ts';
import type { CloudTime } from './cloud-time.ts';
import {
  EMPTY_MEMORY,
  judgeTicket,
  lostMemory,
  type ReplayMemory,
  type ReplayVerdict,
  type Ticket,
} from './judge-ticket.ts';

export interface ReplayGuardOptions {
  readonly state: StateDirectory;
  readonly time: CloudTime;
  readonly log: DeviceLog;
  readonly thingName: string;
  readonly oneNonceEach: boolean;
  /** ms by which an issuer's clock may be ahead. @default 300000 */
  readonly tolerance?: number;
  /** Unexpired orders remembered at most; more are refused. @default 1024 */
  readonly capacity?: number;
}

const FILE = 'replay.json';

const memorySchema = z.object({
  version: z.literal(1),
  floor: z.number(),
  issuedAfter: z.number(),
  seen: z.array(z.tuple([z.string(), z.object({ subject: z.string(), digest: z.string(), expiresAt: z.number() })])),
});

/**
 * Refuses old, repeated and foreign orders, across restarts.
 *
 * INVARIANT: an order is on disk as seen before it is admitted.
 */
export class ReplayGuard {
  readonly #options: ReplayGuardOptions & Required<Pick<ReplayGuardOptions, 'tolerance' | 'capacity'>>;
  #memory: ReplayMemory;

  constructor(options: ReplayGuardOptions) {
    this.#options = { tolerance: 300_000, capacity: 1_024, ...options };
    this.#memory = this.#load();
  }

  /**
   * @param prepare called for an order that is admitted for the first time, before it is remembered: what it keeps is on
   * disk whenever the order is. What it throws leaves the order as if it had not come.
   * @throws DeviceError `STATE_UNUSABLE` when it cannot be remembered, and so must not be carried out
   */
  admit(ticket: Ticket, prepare?: () => void): ReplayVerdict {
    const before = this.#memory;
    const { memory, verdict } = judgeTicket(before, ticket, this.#options.time.read(before.floor), this.#options);
    if (verdict.admitted && !verdict.again) prepare?.();
    if (memory.seen !== before.seen || memory.issuedAfter !== before.issuedAfter) this.#save(memory);
    this.#memory = memory;
    return verdict;
  }

  /** Whether the time would do to judge by. */
  get timeTrusted(): boolean {
    return this.#options.time.read(this.#memory.floor).trusted;
  }

  /** ms since the epoch, as well as it is known. */
  get now(): number {
    const reading = this.#options.time.read(this.#memory.floor);
    return reading.trusted ? Math.max(reading.time, this.#memory.floor) : this.#memory.floor;
  }

  #save({ floor, issuedAfter, seen }: ReplayMemory): void {
    this.#options.state.write(FILE, `${JSON.stringify({ version: 1, floor, issuedAfter, seen: [...seen] })}\n`);
  }

  #load(): ReplayMemory {
    const { log, state, time } = this.#options;
    const kept = state.read(FILE);
    if (kept === undefined) return EMPTY_MEMORY;
    try {
      const { floor, issuedAfter, seen } = memorySchema.parse(JSON.parse(kept));
      return { floor, issuedAfter, seen: new Map(seen) };
    } catch {
      // Whatever was issued until now may have been seen.
      const memory = lostMemory(time.read(0));
      log.error('the memory of orders is damaged; what was issued before now is refused', { file: state.file(FILE) });
      this.#save(memory);
      return memory;
    }
  }
}
