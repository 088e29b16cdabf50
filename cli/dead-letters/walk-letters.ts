import { createHash } from 'node:crypto';
import type { Letter } from './read-letter.ts';

/** A message that is held: invisible to others until it is released, deleted, or the time of its hold is over. */
export interface HeldLetter {
  readonly letter: Letter;
  readonly receipt: string;
}

export interface LetterPorts {
  /** Up to ten letters, held. None means that the queue has no more to give now. */
  receive(): Promise<readonly HeldLetter[]>;
  /** Makes letters visible again. */
  release(held: readonly HeldLetter[]): Promise<void>;
  /** Sends to the source. Resolves when it is accepted. */
  send(body: string): Promise<void>;
  delete(held: HeldLetter): Promise<void>;
  pause(milliseconds: number): Promise<unknown>;
}

/** Empty answers in a row after which a queue counts as empty: one answer may miss messages of other hosts. */
const EMPTY_ANSWERS = 2;

/**
 * Looks at each letter of a queue once. Those for which `take` does not answer `gone` are visible again afterwards, also
 * when an error ends the walk. It ends when `take` answers `stop`.
 */
export async function walkLetters(
  ports: LetterPorts,
  take: (held: HeldLetter) => Promise<'gone' | 'kept' | 'stop'>,
): Promise<void> {
  const kept: HeldLetter[] = [];
  const seen = new Set<string>();
  let empty = 0;
  try {
    while (empty < EMPTY_ANSWERS) {
      const batch = await ports.receive();
      empty = batch.length === 0 ? empty + 1 : 0;
      for (const [at, held] of batch.entries()) {
        // A hold is over: the walk has come around.
        if (seen.has(held.letter.messageId)) {
          kept.push(...batch.slice(at));
          return;
        }
        seen.add(held.letter.messageId);
        let outcome: 'gone' | 'kept' | 'stop';
        try {
          outcome = await take(held);
        } catch (error) {
          kept.push(...batch.slice(at));
          throw error;
        }
        if (outcome !== 'gone') kept.push(held);
        if (outcome === 'stop') {
          kept.push(...batch.slice(at + 1));
          return;
        }
      }
    }
  } finally {
    await ports.release(kept);
  }
}

export interface RedriveOptions {
  /** Letters that are wanted. */
  readonly wanted: (letter: Letter) => boolean;
  readonly limit: number;
  /** Messages a second. */
  readonly rate: number;
  readonly dryRun: boolean;
}

export interface RedriveResult {
  /** Sent back to the source and removed here; with a dry run, those that would be. */
  readonly redriven: number;
  /** Sent back, but still here: the removal failed. The source will see them again. */
  readonly twice: number;
  /** Wanted, but of a kind that cannot be sent back. */
  readonly refused: readonly { readonly messageId: string; readonly reason: string }[];
  /** Refused again while the redrive was under way, or dead twice: they stay. */
  readonly returned: number;
  /** Not wanted. */
  readonly passed: number;
}

/**
 * Sends wanted letters back to their source.
 *
 * INVARIANTS
 * - No message is sent twice by one redrive: what its source refuses again at once would else go round for ever.
 * - A letter is removed only after its source has accepted it, so that an interruption at any point leaves it in one of the
 *   two, or in both: the platform takes a message that comes twice as a duplicate.
 */
export async function redriveLetters(ports: LetterPorts, options: RedriveOptions): Promise<RedriveResult> {
  let redriven = 0;
  let twice = 0;
  let passed = 0;
  let returned = 0;
  const sent = new Set<string>();
  const refused: { messageId: string; reason: string }[] = [];
  await walkLetters(ports, async (held) => {
    const { letter } = held;
    if (!options.wanted(letter)) {
      passed++;
      return 'kept';
    }
    if (redriven + twice >= options.limit) return 'stop';
    if ('refused' in letter.redrive) {
      refused.push({ messageId: letter.messageId, reason: letter.redrive.refused });
      return 'kept';
    }
    const digest = createHash('sha256').update(letter.redrive.body).digest('base64');
    if (sent.has(digest)) {
      returned++;
      return 'kept';
    }
    sent.add(digest);
    if (options.dryRun) {
      redriven++;
      return 'kept';
    }
    await ports.send(letter.redrive.body);
    try {
      await ports.delete(held);
      redriven++;
    } catch {
      twice++;
    }
    await ports.pause(1000 / options.rate);
    return 'gone';
  });
  return { redriven, twice, refused, returned, passed };
}
