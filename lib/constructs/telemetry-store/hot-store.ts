import type { Role } from 'aws-cdk-lib/aws-iam';

/** Where recent telemetry is written and queried. One interface; the configuration's `hotStore` names the variant. */
export interface HotStore {
  /** Environment of a function that writes samples. */
  readonly writerEnvironment: Readonly<Record<string, string>>;
  /** Outputs of the stack that holds it: name → value. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Allows writing samples of telemetry and events. */
  grantWrite(role: Role): void;
}
