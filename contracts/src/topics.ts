import type { Channel } from './channels.ts';

/** Where a device stands in the topic tree: `{root}/{site}/{deviceType}/{thingName}/{channel}`. */
export interface DeviceAddress {
  readonly topicRoot: string;
  readonly site: string;
  readonly deviceType: string;
  readonly thingName: string;
}

export function channelTopic(address: DeviceAddress, channel: Channel): string {
  return [address.topicRoot, address.site, address.deviceType, address.thingName, channel].join('/');
}

/** Basic Ingest: straight to the rule, without messaging charge; nobody can subscribe to it. */
export function basicIngestTopic(address: DeviceAddress, channel: Channel, ruleName: string): string {
  return `$aws/rules/${ruleName}/${channelTopic(address, channel)}`;
}

/**
 * Reads a channel topic, with or without its Basic Ingest prefix.
 * Returns undefined for a topic of another shape.
 */
export function parseChannelTopic(topic: string): (DeviceAddress & { channel: string }) | undefined {
  const levels = topic.split('/');
  const own = levels[0] === '$aws' && levels[1] === 'rules' ? levels.slice(3) : levels;
  if (own.length !== 5 || own.some((level) => level === '')) return undefined;
  const [topicRoot, site, deviceType, thingName, channel] = own as [string, string, string, string, string];
  return { topicRoot, site, deviceType, thingName, channel };
}
