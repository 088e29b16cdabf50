/** Topics of AWS IoT (AWS General Reference, "AWS IoT Core message broker limits"). */
export const MAX_TOPIC_BYTES = 256;
export const MAX_TOPIC_SLASHES = 7;

/** What is wrong with a topic filter, or undefined. */
export function topicFilterProblem(filter: string): string | undefined {
  if (filter === '') return 'an empty topic filter';
  if (Buffer.byteLength(filter) > MAX_TOPIC_BYTES) return `a topic filter longer than ${MAX_TOPIC_BYTES} bytes`;
  const levels = filter.split('/');
  if (levels.length - 1 > MAX_TOPIC_SLASHES) return `a topic filter with more than ${MAX_TOPIC_SLASHES} slashes`;
  for (const [index, level] of levels.entries()) {
    if (level.includes('#') && (level !== '#' || index !== levels.length - 1)) {
      return "'#' anywhere but as the whole last level of a topic filter";
    }
    if (level.includes('+') && level !== '+') return "'+' as part of a level of a topic filter";
  }
  // "Reducing messaging costs with Basic Ingest": rules cannot subscribe to its topics.
  if (levels[0] === '$aws' && levels[1] === 'rules') return 'a Basic Ingest topic, which rules cannot subscribe to';
  return undefined;
}

/**
 * Compiles a valid filter. As on AWS, `sensor/#` does not match `sensor` ("MQTT", "differences"), and wildcards at the
 * first level do not match topics that begin with `$` [MQTT-4.7.2-1].
 */
export function compileTopicFilter(filter: string): (topic: string) => boolean {
  if (!/[+#]/.test(filter)) return (topic) => topic === filter;
  const system = filter.startsWith('$');
  const manyLevels = filter === '#' || filter.endsWith('/#');
  const fixed = manyLevels ? filter.slice(0, -1) : undefined;
  if (fixed !== undefined && !fixed.includes('+')) {
    return (topic) => topic.startsWith(fixed) && (system || topic.charCodeAt(0) !== 0x24);
  }
  const pattern = new RegExp(
    `^${filter
      .split('/')
      .map((level) => (level === '+' ? '[^/]*' : level === '#' ? '[^]*' : escapePattern(level)))
      .join('/')}$`,
  );
  return (topic) => (system || topic.charCodeAt(0) !== 0x24) && pattern.test(topic);
}

function escapePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
