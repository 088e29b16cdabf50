/** An event source mapping of a queue, as it is kept on disk. Durations are in seconds. */
export interface EventSourceRecord {
  readonly uuid: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly queueArn: string;
  readonly enabled: boolean;
  readonly batchSize: number;
  readonly window: number;
  readonly maximumConcurrency: number | undefined;
  readonly reportBatchItemFailures: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** ms since the epoch */
  readonly lastModified: number;
}
