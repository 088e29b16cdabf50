/** Streams as they are kept. Times are ms since the epoch. */

export interface StreamFileRecord {
  readonly id: number;
  readonly bucket: string;
  readonly key: string;
  readonly version?: string;
  /** bytes */
  readonly size: number;
  readonly etag: string;
}

export interface StreamRecord {
  readonly id: string;
  readonly description?: string;
  /** 1, and one more with each update. */
  readonly version: number;
  readonly files: readonly StreamFileRecord[];
  readonly roleArn: string;
  readonly createdAt: number;
  readonly lastUpdatedAt: number;
}
