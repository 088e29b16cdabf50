export interface TwinVersion {
  /** UTC, in whole seconds */
  readonly time: string;
  readonly version: number;
  readonly deleted: boolean;
  readonly desired?: unknown;
  readonly reported?: unknown;
}

/** Row of the twin table: time, version, part, parts, deleted, desired, reported. */
type Row = readonly (string | null)[];

/**
 * Puts the parts of each version together again, in the order in which versions first come. A version of which parts
 * are missing, because the query ended or they are not written yet, is left out.
 */
export function joinVersions(rows: readonly Row[]): TwinVersion[] {
  const groups = new Map<string, { time: string; parts: Row[] }>();
  for (const row of rows) {
    const [time = '', version, , , deleted] = row;
    const second = (time ?? '').slice(0, 'yyyy-mm-dd hh:mm:ss'.length);
    const key = `${second}/${version}/${deleted}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { time: second, parts: [row] });
    else known.parts.push(row);
  }
  return [...groups.values()].flatMap(({ time, parts }) => {
    const [first] = parts as [Row];
    if (parts.length !== Number(first[3])) return [];
    const ordered = [...parts].sort((left, right) => Number(left[2]) - Number(right[2]));
    const desired = section(ordered, 5);
    const reported = section(ordered, 6);
    return [
      {
        time,
        version: Number(first[1]),
        deleted: first[4] === 'true',
        ...(desired !== undefined && { desired }),
        ...(reported !== undefined && { reported }),
      },
    ];
  });
}

function section(parts: readonly Row[], column: number): unknown {
  const text = parts.map((row) => row[column] ?? '').join('');
  return text === '' ? undefined : JSON.parse(text);
}
