/** Members of catalog objects that are numbers and switches, which templates may spell as text. */
const NUMBERS = new Set(['Retention', 'NumberOfBuckets', 'SortOrder']);
const SWITCHES = new Set(['Compressed', 'StoredAsSubDirectories']);

/** Catalog objects of templates in the types of the API. Parameters are text throughout. */
export function typedProperties<T>(value: unknown, name = ''): T {
  return typed(value, name) as T;
}

function typed(value: unknown, name: string): unknown {
  if (Array.isArray(value)) return value.map((member) => typed(member, name));
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    if (name === 'Parameters') return Object.fromEntries(members.map(([key, text]) => [key, String(text)]));
    return Object.fromEntries(members.map(([key, member]) => [key, typed(member, key)]));
  }
  if (NUMBERS.has(name)) return Number(value);
  if (SWITCHES.has(name)) return String(value) === 'true';
  return value;
}
