import type { Letter } from './dead-letters.ts';

export interface LetterPort {
  /** Sends up to ten letters; resolves to the indexes of those that the queue did not take. */
  send(letters: readonly Letter[]): Promise<readonly number[]>;
}

/** Limits of one request (SQS API reference, SendMessageBatch): entries, and bytes in all. */
const MAX_ENTRIES = 10;
const MAX_BYTES = 262_144;
const ATTEMPTS = 3;

/**
 * Sends dead letters in full batches. Resolves to the ids of messages whose letters could not be sent: they must stay
 * in the ingest queue, so that nothing is lost.
 */
export async function sendLetters(
  letters: readonly Letter[],
  port: LetterPort,
  pause: (milliseconds: number) => Promise<void>,
): Promise<Set<string>> {
  const unsent = new Set<string>();
  for (const batch of toBatches(letters)) {
    let left: readonly Letter[] = batch;
    for (let attempt = 1; left.length > 0; attempt++) {
      left = await attemptSend(left, port);
      if (left.length === 0) break;
      if (attempt === ATTEMPTS) {
        for (const { messageId } of left) unsent.add(messageId);
        break;
      }
      await pause(100 * 2 ** attempt);
    }
  }
  return unsent;
}

async function attemptSend(letters: readonly Letter[], port: LetterPort): Promise<readonly Letter[]> {
  try {
    const failed = await port.send(letters);
    return failed.map((index) => letters[index]).filter((letter) => letter !== undefined);
  } catch {
    return letters;
  }
}

function toBatches(letters: readonly Letter[]): Letter[][] {
  const batches: Letter[][] = [];
  let batch: Letter[] = [];
  let bytes = 0;
  for (const letter of letters) {
    const size = Buffer.byteLength(letter.body);
    if (batch.length === MAX_ENTRIES || (batch.length > 0 && bytes + size > MAX_BYTES)) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push(letter);
    bytes += size;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
