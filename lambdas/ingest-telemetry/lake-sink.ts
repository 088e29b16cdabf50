import { errorName, FunctionError, messageOf } from '../shared/errors.ts';
import { buildRows, type RowColumns, type RowPack } from './build-rows.ts';
import type { SampleSink } from './sample-sink.ts';
import { isRetryable, type RetryPorts, retryPause, type WriteOutcome } from './write-records.ts';

export interface LakePort {
  /** Puts texts as records; resolves to the indexes of those that were not taken. */
  put(texts: readonly string[]): Promise<readonly number[]>;
}

/** Eight full packs stay below the 4 MiB of a request (Firehose quotas, "PutRecordBatch"). */
const PACKS_PER_REQUEST = 8;

/**
 * Writes samples to the lake, at least once: what is written twice has the same key twice, and is told apart when it is
 * read. Nothing is refused for its content here.
 */
export function lakeSink(port: LakePort, columns: RowColumns): SampleSink {
  return {
    async write(messages, isWanted, _bounds, ports) {
      const outcome: WriteOutcome = { stored: 0, rejections: [], unfinished: new Set(), retries: 0 };
      const packs = buildRows(messages, isWanted, columns);
      for (let start = 0; start < packs.length; start += PACKS_PER_REQUEST) {
        await putPacks(packs.slice(start, start + PACKS_PER_REQUEST), outcome, port, ports);
      }
      return outcome;
    },
  };
}

async function putPacks(
  packs: readonly RowPack[],
  outcome: WriteOutcome,
  port: LakePort,
  ports: RetryPorts,
): Promise<void> {
  let left = packs;
  for (let attempt = 0; ; attempt++) {
    const failed = await attemptPut(left, port);
    left.forEach(({ rows }, index) => {
      if (!failed.includes(index)) outcome.stored += rows;
    });
    left = left.filter((_pack, index) => failed.includes(index));
    if (left.length === 0) return;
    const pause = retryPause(attempt, ports);
    if (pause === undefined) {
      for (const { messageIds } of left) for (const messageId of messageIds) outcome.unfinished.add(messageId);
      return;
    }
    outcome.retries++;
    await ports.pause(pause);
  }
}

async function attemptPut(packs: readonly RowPack[], port: LakePort): Promise<readonly number[]> {
  try {
    return await port.put(packs.map(({ text }) => text));
  } catch (error) {
    if (isRetryable(error)) return packs.map((_pack, index) => index);
    throw new FunctionError('STORE_REFUSED', `the lake refused rows: ${errorName(error)}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
