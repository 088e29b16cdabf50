import { buildBatches, type SampleFilter } from './build-records.ts';
import type { TimeBounds } from './check-times.ts';
import type { Received } from './model.ts';
import { type RetryPorts, type StorePort, type WriteOutcome, writeRecords } from './write-records.ts';

/** Where samples go. The first sink of a batch is the hot store; further ones get what it took. */
export interface SampleSink {
  /** @throws FunctionError `STORE_REFUSED` when the function itself is refused */
  write(
    messages: readonly Received[],
    isWanted: SampleFilter,
    bounds: TimeBounds,
    ports: RetryPorts,
  ): Promise<WriteOutcome>;
}

/** @param parallel requests under way at once */
export function timestreamSink(store: StorePort, parallel: number): SampleSink {
  return {
    write: (messages, isWanted, bounds, ports) =>
      writeRecords(buildBatches(messages, isWanted), parallel, bounds, store, ports),
  };
}
