import { CLASSIC_SHADOW } from '@fleetwright/contracts';
import { openHotStore } from '../hot-store/open-hot-store.ts';
import { formatTable } from '../output/table.ts';
import type { TwinVersion } from '../twin/join-versions.ts';
import { withDevice } from '../twin/with-device.ts';
import type { TwinOptions } from './twin-get.ts';

export interface TwinHistoryOptions extends TwinOptions {
  readonly limit: number;
  readonly json?: boolean;
}

/** `fleetwright twin history`: the last versions of a shadow, the newest first. */
export async function twinHistory(name: string, options: TwinHistoryOptions): Promise<void> {
  const shadow = options.shadow ?? CLASSIC_SHADOW;
  await withDevice(name, options, ['HotStoreKind'], async ({ allOutputs, stage, thingName }) => {
    const store = openHotStore(stage.settings, allOutputs);
    try {
      const versions = await store.twinHistory(thingName, shadow, options.limit);
      process.stdout.write(options.json === true ? asLines(versions) : asTable(versions));
    } finally {
      store.close();
    }
  });
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
