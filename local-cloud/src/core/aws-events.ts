/** Events of AWS services, such as `Object Created` of Amazon S3, as they reach the default event bus. */
export interface AwsEvents {
  /** Resolves when deliveries to all matching targets are on disk. */
  publish(event: AwsServiceEvent): Promise<void>;
}

export interface AwsServiceEvent {
  /** `aws.s3` */
  readonly source: string;
  readonly detailType: string;
  /** ms since the epoch */
  readonly time: number;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}
