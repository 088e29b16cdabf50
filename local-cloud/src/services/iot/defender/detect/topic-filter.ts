/** Whether an MQTT topic filter matches a topic ([MQTT-4.7.1-2], [MQTT-4.7.2-1]). */
export function filterMatches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false;
  const levels = topic.split('/');
  const wanted = filter.split('/');
  for (const [at, level] of wanted.entries()) {
    if (level === '#') return levels.length >= at;
    if (at >= levels.length) return false;
    if (level !== '+' && level !== levels[at]) return false;
  }
  return wanted.length === levels.length;
}
