import type { Role } from 'aws-cdk-lib/aws-iam';

/** Where recent telemetry and the history of twins are written and queried. One interface; the configuration's `hotStore` names the variant. */
export interface HotStore {
  /** Environment of a function that writes samples. */
  readonly writerEnvironment: Readonly<Record<string, string>>;
  /** Environment of a function that writes the history of twins. */
  readonly twinWriterEnvironment: Readonly<Record<string, string>>;
  /** Outputs of the stack that holds it: name → value. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Allows writing samples of telemetry and events. */
  grantWrite(role: Role): void;
  /** Allows a role, of any stack, writing the history of twins. */
  grantTwinWrite(role: Role): void;
}
