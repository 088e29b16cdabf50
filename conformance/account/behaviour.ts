import type { Scene } from './scene.ts';

/** Something that any AWS account does, with the page that says so. */
export interface Behaviour {
  /** A sentence. */
  readonly title: string;
  /** Page of the AWS IoT developer guide, operation of an API reference, or clause of MQTT. */
  readonly source: string;
  /** Shows it. @throws AssertionError where the account does otherwise */
  run(scene: Scene): Promise<void>;
}
