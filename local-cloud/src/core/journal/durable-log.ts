/** High-rate bytes that live on disk: publishes to be routed, queue messages, delivery buffers. */
export interface DurableLog {
  /** Appends and returns an id that grows by one with each append, across restarts. */
  append(value: Uint8Array): number;
  get(id: number): Buffer | undefined;
  remove(id: number): void;
  /** Oldest first; `from` is inclusive. */
  entries(from?: number): Iterable<[number, Buffer]>;
}
