export interface BenchOptions {
  /** Print one JSON object as the last line. */
  readonly json: boolean;
  /** Length of each measured phase. */
  readonly seconds?: number;
  /** Folder of the data to measure with. */
  readonly data?: string;
  /** File of labelled windows. @default found beside the data */
  readonly windows?: string;
  /** Folder of what other detectors have recorded for the data. */
  readonly results?: string;
}
