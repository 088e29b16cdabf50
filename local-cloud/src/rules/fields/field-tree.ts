/** One attribute that a statement reads, or has to pass on the way to one. */
export interface FieldKey {
  readonly name: Uint8Array;
  /** Of `name`, kept apart because asking the array costs more. */
  readonly length: number;
  readonly first: number;
  /** Where its value goes; -1 for one that is only passed. */
  readonly slot: number;
  readonly inner: FieldNode | undefined;
}

/** Attributes of one object of the message. */
export interface FieldNode {
  readonly keys: readonly FieldKey[];
  /** Slots of this object's attributes and of all below them. */
  readonly slots: readonly number[];
}

/** Builds the tree of the attributes at `paths`; the slot of a path is its index. */
export function buildFieldTree(paths: readonly (readonly string[])[]): FieldNode {
  return node(paths.map((path, slot) => ({ path, slot })));
}

interface Wanted {
  readonly path: readonly string[];
  readonly slot: number;
}

function node(wanted: readonly Wanted[]): FieldNode {
  const names = [...new Set(wanted.map(({ path }) => path[0] as string))];
  const keys = names.map((name): FieldKey => {
    const below = wanted.filter(({ path }) => path[0] === name);
    const inner = below.filter(({ path }) => path.length > 1);
    const bytes = Buffer.from(name);
    return {
      name: bytes,
      length: bytes.length,
      first: bytes[0] ?? 0,
      slot: below.find(({ path }) => path.length === 1)?.slot ?? -1,
      inner: inner.length === 0 ? undefined : node(inner.map(({ path, slot }) => ({ path: path.slice(1), slot }))),
    };
  });
  return { keys, slots: wanted.map(({ slot }) => slot) };
}
