import { type BrokerLimits, SHARE_NAME_CHARACTERS } from './limits.ts';

/** What a topic name means to the broker. */
export type TopicKind =
  /** Routed to subscribers and rules. */
  | 'ordinary'
  /** `$aws/rules/<rule>/…`: to the rule alone (developer guide, iot-basic-ingest.md). */
  | 'basic-ingest'
  /** Any other topic that begins with `$` (developer guide, reserved-topics.md). */
  | 'reserved';

export const BASIC_INGEST_PREFIX = '$aws/rules/';

export function topicKind(topic: string): TopicKind {
  if (topic.charCodeAt(0) !== 0x24) return 'ordinary';
  return topic.startsWith(BASIC_INGEST_PREFIX) ? 'basic-ingest' : 'reserved';
}

/** A topic name can be published to: no wildcards [MQTT-3.3.2-2], at least one character [MQTT-4.7.3-1]. */
export function isTopicName(topic: string): boolean {
  return topic.length > 0 && !topic.includes('+') && !topic.includes('#');
}

/** A well-formed topic filter [MQTT-4.7.1-1], [MQTT-4.7.1-2]. */
export function isTopicFilter(filter: string): boolean {
  if (filter.length === 0) return false;
  if (!hasWildcard(filter)) return true;
  const levels = filter.split('/');
  return levels.every((level, index) => {
    if (level === '+') return true;
    if (level === '#') return index === levels.length - 1;
    return !level.includes('+') && !level.includes('#');
  });
}

export function hasWildcard(filter: string): boolean {
  return filter.includes('+') || filter.includes('#');
}

/**
 * AWS's limits of a topic name or filter: 256 bytes and 7 slashes. The first three levels of a Basic Ingest topic do
 * not count (developer guide, iot-basic-ingest.md).
 */
export function withinTopicLimits(topic: string, limits: BrokerLimits): boolean {
  const own = topicKind(topic) === 'basic-ingest' ? afterLevels(topic, 3) : topic;
  let slashes = 0;
  for (let at = own.indexOf('/'); at !== -1; at = own.indexOf('/', at + 1)) slashes++;
  return slashes <= limits.topicSlashes && Buffer.byteLength(own) <= limits.topicBytes;
}

function afterLevels(topic: string, count: number): string {
  let at = -1;
  for (let level = 0; level < count; level++) {
    at = topic.indexOf('/', at + 1);
    if (at === -1) return '';
  }
  return topic.slice(at + 1);
}

/** Rule name of a Basic Ingest topic; undefined when it names none or has no topic of its own after it. */
export function basicIngestRule(topic: string): string | undefined {
  const rest = topic.slice(BASIC_INGEST_PREFIX.length);
  const slash = rest.indexOf('/');
  const rule = slash === -1 ? rest : rest.slice(0, slash);
  return rule === '' ? undefined : rule;
}

export interface SharedFilter {
  readonly shareName: string;
  readonly filter: string;
}

/** Splits `$share/<name>/<filter>` (MQTT 5 §4.8.2); 'malformed' when it begins so and is not one. */
export function parseSharedFilter(filter: string): SharedFilter | 'malformed' | undefined {
  if (filter !== '$share' && !filter.startsWith('$share/')) return undefined;
  const slash = filter.indexOf('/', '$share/'.length);
  if (slash === -1) return 'malformed';
  const shareName = filter.slice('$share/'.length, slash);
  const rest = filter.slice(slash + 1);
  const wellFormed = shareName !== '' && !hasWildcard(shareName) && [...shareName].length <= SHARE_NAME_CHARACTERS;
  return wellFormed && isTopicFilter(rest) ? { shareName, filter: rest } : 'malformed';
}

/**
 * Filters beginning with `$` are for AWS's own topics only, and Basic Ingest cannot be subscribed to
 * (developer guide, reserved-topics.md and iot-basic-ingest.md).
 */
export function isSubscribable(filter: string): boolean {
  if (!filter.startsWith('$')) return true;
  return filter.startsWith('$aws/') && !filter.startsWith(BASIC_INGEST_PREFIX) && filter !== '$aws/rules';
}
