import { platformNames } from '@fleetwright/contracts';
import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { PlatformConfig, StageConfig } from './platform-config.ts';

const CONFIGURED_CHANNELS = ['telemetry', 'event'] as const;

export type ConfiguredChannel = (typeof CONFIGURED_CHANNELS)[number];

export function basicIngestChannels(settings: StageConfig): ConfiguredChannel[] {
  return CONFIGURED_CHANNELS.filter((channel) => settings.channels[channel].basicIngest);
}

export function strictReplayChannels(settings: StageConfig): ConfiguredChannel[] {
  return CONFIGURED_CHANNELS.filter((channel) => settings.channels[channel].strictReplay);
}

/** Whether samples go to the lake: as the hot store, or as a copy. */
export function isLakeEnabled({ hotStore, lake }: StageConfig): boolean {
  return hotStore === 'lake' || lake.enabled;
}

/** Channels that alert rules look at. */
export function alertChannels(settings: StageConfig): ReadonlySet<ConfiguredChannel | 'health'> {
  return new Set(
    Object.values(settings.alerts.rules).flatMap((rules) => Object.values(rules).map((rule) => rule.channel)),
  );
}

export function removalPolicy(settings: StageConfig): RemovalPolicy {
  return settings.removalPolicy === 'destroy' ? RemovalPolicy.DESTROY : RemovalPolicy.RETAIN;
}

/**
 * What alarms notify: the stage's own topic, which has a fixed name so that no stack waits for the one that makes it,
 * and whatever the configuration adds.
 */
export function alarmActionArns(scope: IConstruct, { project, stage, settings }: PlatformConfig): string[] {
  const resource = platformNames(project, stage).alarmTopic;
  return [Stack.of(scope).formatArn({ service: 'sns', resource }), ...settings.alarms.actionArns];
}
