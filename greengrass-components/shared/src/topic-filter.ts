/** Whether a topic fits a filter with `+` and `#` (MQTT 3.1.1 §4.7.1; §4.7.2: no wildcard in the first level fits `$`). */
export function matchesFilter(filter: string, topic: string): boolean {
  const parts = filter.split('/');
  const levels = topic.split('/');
  if (topic.startsWith('$') && (parts[0] === '+' || parts[0] === '#')) return false;
  for (const [index, part] of parts.entries()) {
    if (part === '#') return true;
    if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
  }
  return parts.length === levels.length;
}
