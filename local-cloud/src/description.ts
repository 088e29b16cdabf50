/**
 * What a client needs to know of a running local cloud. Written to `runtime.json` in the data directory while it runs.
 * Secrets are not in it: credentials are in the file `credentials` beside it, mode 0600.
 */
export interface CloudDescription {
  readonly pid: number;
  readonly accountId: string;
  readonly region: string;
  /** `https://localhost:4566` */
  readonly apiUrl: string;
  readonly mqttHost: string;
  readonly mqttPort: number;
  /** PEM file of the CA that signs the cloud's server certificates. */
  readonly caFile: string;
  /** AWS shared credentials file of the account's administrator. */
  readonly credentialsFile: string;
  readonly dataDirectory: string;
  readonly logFile: string;
  readonly stacks: readonly {
    readonly stackName: string;
    readonly outputs: Readonly<Record<string, string>>;
    /** Types that were taken in without running, with the number of resources. */
    readonly recorded: Readonly<Record<string, number>>;
  }[];
}
