import { RemovalPolicy } from 'aws-cdk-lib';
import type { StageConfig } from './platform-config.ts';

const CONFIGURED_CHANNELS = ['telemetry', 'event'] as const;

export type ConfiguredChannel = (typeof CONFIGURED_CHANNELS)[number];

export function basicIngestChannels(settings: StageConfig): ConfiguredChannel[] {
  return CONFIGURED_CHANNELS.filter((channel) => settings.channels[channel].basicIngest);
}

export function strictReplayChannels(settings: StageConfig): ConfiguredChannel[] {
  return CONFIGURED_CHANNELS.filter((channel) => settings.channels[channel].strictReplay);
}

export function removalPolicy(settings: StageConfig): RemovalPolicy {
  return settings.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}
