/** What a device sends, by purpose. Each channel has its own topic, rule and, for health, its own table. */
export const CHANNELS = ['telemetry', 'event', 'log', 'health'] as const;

export type Channel = (typeof CHANNELS)[number];
