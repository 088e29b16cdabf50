export interface BenchOptions {
  /** Print one JSON object as the last line. */
  readonly json: boolean;
  /** Length of each measured phase. */
  readonly seconds?: number;
}
