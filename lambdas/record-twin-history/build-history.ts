import type { MeasureValue, _Record as StoreRecord } from '@aws-sdk/client-timestream-write';
import type { ShadowSection, TwinChange } from '@fleetwright/contracts';

/**
 * Bytes of one section in one record. A record holds 2 KB in all (Timestream developer guide, "Quotas"), and the
 * sections of a shadow 8 KB, so a larger twin is divided among records of one version.
 */
const PIECE_BYTES = 800;

const NANOSECONDS = 1_000_000_000n;
/** A deletion carries the version that was deleted, maybe in the same second: it takes the last place of that version. */
export const TWIN_DELETION = 999;
/** Versions of one second and parts of one version that keep times of their own: together less than a second. */
const VERSIONS = 1_000_000;
const PARTS = 1_000;

/**
 * Store time of one part of a version, in nanoseconds. The service gives a document a time in seconds; the rest is made
 * of the version, so that versions of one second lie in their order, and the same version again meets its own rows.
 */
export function historyTime(madeAt: number, version: number, part: number): bigint {
  return BigInt(madeAt) * NANOSECONDS + BigInt(version % VERSIONS) * BigInt(PARTS) + BigInt(part % PARTS);
}

/**
 * Records of one change: `version`, `part` of `parts`, `deleted`, and pieces of `desired` and `reported` as JSON. The
 * text of a section is its pieces in the order of `part`. Sections are text, not columns: a device that makes up names
 * could otherwise use up the 1,024 measure names that a table has for all.
 */
export function buildHistory(change: TwinChange): StoreRecord[] {
  const { thingName, shadowName, version, madeAt } = change;
  const desired = pieces(change.desired);
  const reported = pieces(change.reported);
  const parts = Math.max(1, desired.length, reported.length);
  return Array.from({ length: parts }, (_, part): StoreRecord => {
    const measures: MeasureValue[] = [
      { Name: 'version', Value: String(version), Type: 'BIGINT' },
      { Name: 'part', Value: String(part), Type: 'BIGINT' },
      { Name: 'parts', Value: String(parts), Type: 'BIGINT' },
      { Name: 'deleted', Value: String(change.kind === 'deleted'), Type: 'BOOLEAN' },
    ];
    for (const [name, texts] of [
      ['desired', desired],
      ['reported', reported],
    ] as const) {
      const text = texts[part];
      if (text !== undefined) measures.push({ Name: name, Value: text, Type: 'VARCHAR' });
    }
    return {
      Time: historyTime(madeAt, version, change.kind === 'deleted' ? TWIN_DELETION : part).toString(),
      Dimensions: [
        { Name: 'thing_name', Value: thingName },
        { Name: 'shadow', Value: shadowName },
      ],
      MeasureValues: measures,
    };
  });
}

function pieces(section: ShadowSection | undefined): string[] {
  if (section === undefined) return [];
  const texts: string[] = [];
  let text = '';
  let bytes = 0;
  for (const character of JSON.stringify(section)) {
    const size = Buffer.byteLength(character);
    if (bytes + size > PIECE_BYTES) {
      texts.push(text);
      text = '';
      bytes = 0;
    }
    text += character;
    bytes += size;
  }
  texts.push(text);
  return texts;
}
