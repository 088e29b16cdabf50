import { FunctionError } from './errors.ts';

/**
 * A state that is kept for each key, moved by events and by the passing of time.
 *
 * INVARIANTS
 * - `step` is pure, and an event that it has taken in already changes nothing. So events may come twice and in any order.
 * - What has to be told to others is saved with the state that demands it, before it is told, and taken off afterwards.
 *   So it is told at least once, whatever fails in between.
 * - A look at a later time is arranged before the state that expects it is saved. So none is forgotten; one that nothing
 *   expects any more changes nothing.
 */
export interface Step<State, Output> {
  readonly state: State;
  /** What has to be told, in order. */
  readonly outputs: readonly Output[];
  /** ms since the epoch of the next look, if time alone can change the state. */
  readonly dueAt?: number | undefined;
}

export interface Tracked<State, Output> {
  readonly state: State;
  readonly outbox: readonly Output[];
  readonly dueAt?: number | undefined;
  /** Grows with each save. */
  readonly revision: number;
}

export interface TrackingPorts<State, Output> {
  load(key: string): Promise<Tracked<State, Output> | undefined>;
  /** @returns false when the item has another revision than `expected` (0: there is none) */
  save(key: string, expected: number, tracked: Tracked<State, Output>): Promise<boolean>;
  tell(key: string, output: Output): Promise<void>;
  /** Has the key looked at again at a time, with that time in hand. */
  arrange(key: string, dueAt: number): Promise<void>;
}

/** Rounds that meet another writer each time before the message is left to the queue. */
const ROUNDS = 6;

/**
 * Takes one event, or the passing of time, into the state of a key.
 * @param step undefined: nothing changes
 * @param current what to tell again when another invocation got in between, because outputs may have overtaken each
 *   other; for outputs that say how things stand, not for those that say what happened
 * @throws FunctionError `STATE_CONTENDED`
 */
export async function advance<State, Output>(
  key: string,
  step: (state: State | undefined, dueAt: number | undefined) => Step<State, Output> | undefined,
  ports: TrackingPorts<State, Output>,
  current: (state: State) => readonly Output[] = () => [],
): Promise<void> {
  let overtaken = false;
  for (let round = 0; round < ROUNDS; round++) {
    const before = await ports.load(key);
    const next = step(before?.state, before?.dueAt);
    if (next === undefined && before === undefined) return;
    const pending = [...(before?.outbox ?? []), ...(next?.outputs ?? [])];
    if (overtaken && before !== undefined && next === undefined) pending.push(...current(before.state));
    if (next === undefined && pending.length === 0) return;

    const state = (next ?? before)?.state as State;
    const dueAt = next === undefined ? before?.dueAt : next.dueAt;
    let revision = before?.revision ?? 0;
    if (next !== undefined) {
      if (dueAt !== undefined && dueAt !== before?.dueAt) await ports.arrange(key, dueAt);
      if (!(await ports.save(key, revision, { state, outbox: pending, dueAt, revision: revision + 1 }))) continue;
      revision++;
    }
    if (pending.length === 0) return;
    for (const output of pending) await ports.tell(key, output);
    if (await ports.save(key, revision, { state, outbox: [], dueAt, revision: revision + 1 })) return;
    overtaken = true;
  }
  throw new FunctionError('STATE_CONTENDED', `another invocation changed ${key} in each of ${ROUNDS} rounds`);
}
