import type { DeviceAddress, IngestEnvelope, RejectionReason, TelemetryMessage } from '@fleetwright/contracts';

/** One SQS message, as far as this function looks at it. */
export interface QueueMessage {
  readonly messageId: string;
  readonly body: string;
}

/** A message that was read and found valid. */
export interface Received {
  readonly messageId: string;
  readonly envelope: IngestEnvelope;
  readonly address: DeviceAddress;
  readonly channel: IngestedChannel;
  readonly message: TelemetryMessage;
}

/** Channels that this function stores. */
export type IngestedChannel = 'telemetry' | 'event';

/** A message, or some of its samples, that will not be stored, however often it comes. */
export interface Rejection {
  readonly messageId: string;
  readonly reason: RejectionReason;
  readonly detail: string;
  /** Index in `samples`; undefined means the whole message. */
  readonly sample?: number;
}
