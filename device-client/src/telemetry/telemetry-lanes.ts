import type { Priority } from '@fleetwright/durable-queue';

/** Channels whose messages carry samples. */
export type SampleChannel = 'telemetry' | 'event';

/**
 * A way through the queue with an order of its own. Within a channel of the durable queue order goes before priority, so
 * alarms have a lane beside the events that they share a topic, and sequence numbers, with.
 */
export interface Lane {
  /** Channel of the durable queue. */
  readonly name: string;
  readonly channel: SampleChannel;
  readonly priority: Priority;
  /** Each sample is a message: it waits for no other. */
  readonly alone: boolean;
}

/** Most urgent first. */
export const LANES = [
  { name: 'alarm', channel: 'event', priority: 'alarm', alone: true },
  { name: 'event', channel: 'event', priority: 'normal', alone: false },
  { name: 'telemetry', channel: 'telemetry', priority: 'bulk', alone: false },
] as const satisfies readonly Lane[];

export type LaneName = (typeof LANES)[number]['name'];

export function laneOf(channel: SampleChannel, isAlarm: boolean): Lane {
  const [alarm, event, telemetry] = LANES;
  if (isAlarm) return alarm;
  return channel === 'event' ? event : telemetry;
}
