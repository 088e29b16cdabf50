import { CLASSIC_SHADOW } from '@fleetwright/contracts';
import { formatTable } from '../output/table.ts';
import { TimestreamReader } from '../timestream.ts';
import { joinVersions, type TwinVersion } from '../twin/join-versions.ts';
import { withDevice } from '../twin/with-device.ts';
import type { TwinOptions } from './twin-get.ts';

export interface TwinHistoryOptions extends TwinOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** Parts of the largest twin: sections of 8 KB each in pieces of 800 bytes. */
const MAX_PARTS = 24;

/** `fleetwright twin history`: the last versions of a shadow, the newest first. */
export async function twinHistory(name: string, options: TwinHistoryOptions): Promise<void> {
  const shadow = options.shadow ?? CLASSIC_SHADOW;
  await withDevice(name, options, ['DatabaseName', 'TwinTableName'], async ({ outputs, stage, thingName }) => {
    const reader = new TimestreamReader(stage.settings);
    const { rows } = await reader.query(
      `SELECT time, version, part, parts, deleted, desired, reported
       FROM "${outputs.DatabaseName}"."${outputs.TwinTableName}"
       WHERE thing_name = ${quoted(thingName)} AND shadow = ${quoted(shadow)}
       ORDER BY time DESC LIMIT ${options.limit * MAX_PARTS}`,
    );
    reader.close();
    const versions = joinVersions(rows).slice(0, options.limit);
    process.stdout.write(options.json === true ? asLines(versions) : asTable(versions));
  });
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function asLines(versions: readonly TwinVersion[]): string {
  return versions.map((version) => `${JSON.stringify(version)}\n`).join('');
}

function asTable(versions: readonly TwinVersion[]): string {
  const text = (section: unknown) => (section === undefined ? null : JSON.stringify(section));
  const rows = versions.map(({ time, version, deleted, desired, reported }) => [
    time,
    String(version),
    deleted ? 'deleted' : text(desired),
    deleted ? null : text(reported),
  ]);
  return `${formatTable({ columns: ['time', 'version', 'desired', 'reported'], rows })}\n`;
}
