import type { MqttUserProperties } from './mqtt.ts';

/** The last message of a topic that was published with RETAIN. */
export interface RetainedMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** ms since the epoch */
  readonly storedAt: number;
  readonly userProperties: MqttUserProperties | undefined;
}

/** Retained messages as the data plane's API reads them. Expired ones are not there. Provided by the broker. */
export interface RetainedMessageDirectory {
  get(topic: string): RetainedMessage | undefined;
  /** Topics in no order, each with its message. */
  all(): Iterable<RetainedMessage>;
}
