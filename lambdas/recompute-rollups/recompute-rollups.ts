import { lateSlotsSchema } from '@fleetwright/contracts';
import { messageOf } from '../shared/errors.ts';
import type { QueueMessage } from '../shared/queue-batch.ts';
import { planRuns, type Run, withinBound } from './plan-runs.ts';

export interface RecomputePorts {
  /** ms since the epoch */
  now(): number;
  /** Begins a run. Resolves when it is accepted. */
  run(run: Run): Promise<void>;
  onFailure(problem: string, what: object): void;
}

export interface RecomputeReport {
  /** Ids of messages that must be delivered again. */
  readonly failed: readonly string[];
  readonly runs: number;
  /** Slots that are older than a device may be offline. */
  readonly beyondBound: number;
}

/** Runs under way at once. */
const PARALLEL = 4;

/** Makes the slots of a batch of messages anew, each once however many messages name it. */
export async function recomputeRollups(
  records: readonly QueueMessage[],
  maxOfflineHours: number,
  ports: RecomputePorts,
): Promise<RecomputeReport> {
  const failed = new Set<string>();
  const wanted = new Map<number, string[]>();
  for (const { body, messageId } of records) {
    try {
      for (const slot of lateSlotsSchema.parse(JSON.parse(body)).slots) {
        const known = wanted.get(slot);
        if (known === undefined) wanted.set(slot, [messageId]);
        else known.push(messageId);
      }
    } catch (error) {
      failed.add(messageId);
      ports.onFailure(messageOf(error), { messageId });
    }
  }
  const now = ports.now();
  const due = withinBound(wanted.keys(), now, maxOfflineHours);
  const runs = planRuns(due, now);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < runs.length) {
      const run = runs[next++] as Run;
      try {
        await ports.run(run);
      } catch (error) {
        ports.onFailure(messageOf(error), { rollup: run.rollup, at: run.at });
        for (const slot of run.slots) for (const messageId of wanted.get(slot) ?? []) failed.add(messageId);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, runs.length) }, worker));
  return { failed: [...failed], runs: runs.length, beyondBound: wanted.size - due.length };
}
