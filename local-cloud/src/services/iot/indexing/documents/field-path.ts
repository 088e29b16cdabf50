/** Where the values of a thing's field are. */
export interface FieldPath {
  readonly source: 'registry' | 'groups' | 'shadow' | 'connectivity' | 'violations';
  /** Of a named shadow; undefined for the classic one. */
  readonly shadowName: string | undefined;
  /** Below the source: `reported.stats.battery`. */
  readonly path: string;
  /** The path at its periods. */
  readonly segments: readonly string[];
}

const NAMED = 'shadow.name.';
const SHADOW = 'shadow.';
const CONNECTIVITY = 'connectivity.';
const VIOLATIONS = 'deviceDefender.';
/** Queries of one account name few fields; beyond so many they are forgotten. */
const MAX_KNOWN = 1000;
const known = new Map<string, FieldPath>();

export function fieldPath(field: string): FieldPath {
  let path = known.get(field);
  if (path === undefined) {
    path = resolve(field);
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(field, path);
  }
  return path;
}

function resolve(field: string): FieldPath {
  if (field === 'thingGroupNames' || field === 'registry.thingGroupNames') return at('groups', field);
  if (field === 'registry.thingTypeName') return at('registry', 'thingTypeName');
  if (field.startsWith(NAMED)) {
    const end = field.indexOf('.', NAMED.length);
    return at('shadow', field.slice(end + 1), field.slice(NAMED.length, end));
  }
  if (field.startsWith(SHADOW)) return at('shadow', field.slice(SHADOW.length));
  if (field.startsWith(CONNECTIVITY)) return at('connectivity', field.slice(CONNECTIVITY.length));
  if (field.startsWith(VIOLATIONS)) return at('violations', field.slice(VIOLATIONS.length));
  return at('registry', field);
}

function at(source: FieldPath['source'], path: string, shadowName?: string): FieldPath {
  return { source, shadowName, path, segments: path.split('.') };
}
