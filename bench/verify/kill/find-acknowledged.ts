import { takeLetters } from '../dead-letters.ts';
import type { Subject } from '../subject.ts';
import type { SentLedger } from './sent-ledger.ts';
import { type Reckoning, reckon } from './stored-rows.ts';

export interface Found extends Reckoning {
  readonly letters: number;
  /** Acknowledged samples that are neither stored nor in a dead letter. */
  readonly lost: readonly string[];
}

/** ms in which everything acknowledged must be found */
const SETTLE_TIMEOUT = 180_000;

/** Looks until every acknowledged sample is found, or for so long that the rest is lost. */
export async function findAcknowledged(subject: Subject, ledger: SentLedger): Promise<Found> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
  const letters = new Set<string>();
  for (;;) {
    const reckoning = await reckon(subject, ledger);
    for (const { payload } of await takeLetters(subject)) letters.add(payload.toString('utf8'));
    const inLetters = new Set(
      [...ledger.messages].filter(([, message]) => letters.has(JSON.stringify(message))).map(([key]) => key),
    );
    const lost = reckoning.missing.filter(({ message }) => !inLetters.has(message)).map(({ sample }) => sample);
    if (lost.length === 0 || performance.now() > deadline) return { ...reckoning, letters: letters.size, lost };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}
