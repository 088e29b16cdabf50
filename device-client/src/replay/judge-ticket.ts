import type { TimeReading } from './cloud-time.ts';

/** What makes an order of the cloud one of a kind. */
export interface Ticket {
  /** The id that may be given again with the same nonce: of a job, of a command. */
  readonly subject: string;
  readonly nonce: string;
  /** Of what is ordered. */
  readonly digest: string;
  /** ms since the epoch */
  readonly issuedAt: number;
  /** ms since the epoch */
  readonly expiresAt: number;
  /** The thing that it was sent to. */
  readonly addressee: string;
}

export interface SeenTicket {
  readonly subject: string;
  readonly digest: string;
  readonly expiresAt: number;
}

/** What is remembered across restarts. */
export interface ReplayMemory {
  /** ms since the epoch; the greatest time at which the device has judged. What expires before it was forgotten. */
  readonly floor: number;
  /** ms since the epoch; what was issued before is refused, because nobody knows any more whether it was seen. */
  readonly issuedAfter: number;
  /** By nonce. */
  readonly seen: ReadonlyMap<string, SeenTicket>;
}

export type ReplayRefusal =
  /** It was sent to another device. */
  | 'FOREIGN'
  | 'EXPIRED'
  /** Its time of issue lies in the future. */
  | 'NOT_YET_VALID'
  /** Its nonce came with another order, its id with another nonce, or it is from a time that is forgotten. */
  | 'REPLAYED'
  /** The device cannot tell whether it is in time. */
  | 'CLOCK_UNTRUSTED'
  /** More unexpired orders than are remembered: rather refused than forgotten. */
  | 'MEMORY_FULL';

export type ReplayVerdict =
  /** `again`: the same order has been admitted before. */
  | { readonly admitted: true; readonly again: boolean }
  | { readonly admitted: false; readonly reason: ReplayRefusal; readonly detail: string };

export interface ReplayRules {
  /** The device's own thing. */
  readonly thingName: string;
  /** ms by which an issuer's clock may be ahead */
  readonly tolerance: number;
  /** Orders remembered at most. */
  readonly capacity: number;
  /** Whether an id comes with one nonce only: of a job it does not, since a deleted job's id may be given again. */
  readonly oneNonceEach: boolean;
}

export interface Judgement {
  readonly verdict: ReplayVerdict;
  /** To be on disk before the verdict is acted on. */
  readonly memory: ReplayMemory;
}

export const EMPTY_MEMORY: ReplayMemory = { floor: 0, issuedAfter: 0, seen: new Map() };

/** ms by which the floor must be wrong before it is given up */
const FLOOR_DOUBT = 300_000;

/**
 * Whether an order may be carried out.
 *
 * INVARIANTS
 * - A nonce is forgotten only when `floor` has passed its expiry, and what expires before `floor` is refused. So no order
 *   is admitted twice unknowingly, however the clock is set.
 * - A floor that a wrong clock has raised is lowered only by the cloud's own time, and then everything that was issued
 *   before that moment is refused: it may be among what was forgotten.
 */
export function judgeTicket(memory: ReplayMemory, ticket: Ticket, reading: TimeReading, rules: ReplayRules): Judgement {
  if (ticket.addressee !== rules.thingName) {
    return refuse(memory, 'FOREIGN', `it was sent to ${ticket.addressee}, and this is ${rules.thingName}`);
  }
  if (!reading.trusted) return refuse(memory, 'CLOCK_UNTRUSTED', reading.reason);
  const current = advance(memory, reading);
  const now = Math.max(reading.time, current.floor);
  const known = current.seen.get(ticket.nonce);
  if (known !== undefined && (known.subject !== ticket.subject || known.digest !== ticket.digest)) {
    return refuse(current, 'REPLAYED', `its nonce came before, with ${known.subject}`);
  }
  if (ticket.expiresAt <= now) return refuse(current, 'EXPIRED', `its time was over ${now - ticket.expiresAt} ms ago`);
  if (known !== undefined) return { verdict: { admitted: true, again: true }, memory: current };
  if (ticket.issuedAt > now + rules.tolerance) {
    return refuse(current, 'NOT_YET_VALID', `it was issued ${ticket.issuedAt - now} ms in the future`);
  }
  if (ticket.issuedAt < current.issuedAfter) {
    return refuse(current, 'REPLAYED', 'it was issued before the device lost its memory of what it has seen');
  }
  if (rules.oneNonceEach && [...current.seen.values()].some(({ subject }) => subject === ticket.subject)) {
    return refuse(current, 'REPLAYED', `${ticket.subject} came before, with another nonce`);
  }
  if (current.seen.size >= rules.capacity) {
    return refuse(current, 'MEMORY_FULL', `${current.seen.size} orders that have not expired are remembered`);
  }
  const { subject, digest, expiresAt } = ticket;
  const seen = new Map(current.seen).set(ticket.nonce, { subject, digest, expiresAt });
  return { verdict: { admitted: true, again: false }, memory: { ...current, seen } };
}

/** Memory of a device that cannot read what it kept; where it does not know the time, that of its first judgement counts. */
export function lostMemory(reading: TimeReading): ReplayMemory {
  if (!reading.trusted) return { floor: 0, issuedAfter: Number.MAX_SAFE_INTEGER, seen: new Map() };
  return { floor: reading.time, issuedAfter: reading.time, seen: new Map() };
}

function advance(before: ReplayMemory, { time, proven }: Extract<TimeReading, { trusted: true }>): ReplayMemory {
  const memory = before.issuedAfter > time ? { ...before, issuedAfter: time } : before;
  if (proven !== undefined && memory.floor > Math.max(proven, time) + FLOOR_DOUBT) {
    return { ...memory, floor: proven, issuedAfter: Math.max(memory.issuedAfter, proven) };
  }
  if (time <= memory.floor) return memory;
  const kept = [...memory.seen].filter(([, { expiresAt }]) => expiresAt > time);
  return { ...memory, floor: time, seen: kept.length === memory.seen.size ? memory.seen : new Map(kept) };
}

function refuse(memory: ReplayMemory, reason: ReplayRefusal, detail: string): Judgement {
  return { verdict: { admitted: false, reason, detail }, memory };
}
