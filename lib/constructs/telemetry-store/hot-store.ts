import type { CfnTopicRule } from 'aws-cdk-lib/aws-iot';
import type { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { IotServiceRole } from '../service-role/iot-service-role.ts';

/**
 * Where recent telemetry, health and the history of twins are written and queried. One interface; the configuration's
 * `hotStore` names the variant, and docs/decisions/0024 says what a further one has to bring.
 *
 * Writers are handed over whole, so that a store can give them what it needs: permissions, or a place in a network.
 */
export interface HotStore {
  /** Name of the variant, as queries find it in the output `HotStoreKind`. */
  readonly kind: string;
  /** Environment of a function that writes samples. */
  readonly writerEnvironment: Readonly<Record<string, string>>;
  /** Environment of a function that writes the history of twins. */
  readonly twinWriterEnvironment: Readonly<Record<string, string>>;
  /** Outputs of the stack that holds it: name → value. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Allows writing samples of telemetry and events. */
  grantWrite(writer: BundledFunction): void;
  /** Allows a function, of any stack, writing the history of twins. */
  grantTwinWrite(writer: BundledFunction): void;
  /** How a topic rule writes health messages, without a function. Grants the rule's role what it needs. */
  deliverHealth(role: IotServiceRole): HealthDelivery;
}

export interface HealthDelivery {
  /** What the rule selects besides the measures. */
  readonly selection: readonly string[];
  readonly action: CfnTopicRule.ActionProperty;
}
