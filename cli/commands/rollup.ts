import { ROLLUPS, type Rollup } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { openHotStore } from '../hot-store/open-hot-store.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { printTable } from './query.ts';

export interface RollupOptions extends StageOptions {
  readonly every: Rollup;
  /** Whole thing name. */
  readonly device?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

/** Buckets that are shown unless the options say from when. */
const BUCKETS = 60;

/** `fleetwright rollup`: lowest, highest and mean value of a measure, by minute or hour and device. */
export async function rollup(measure: string, options: RollupOptions): Promise<void> {
  const to = timeOf('--to', options.to) ?? Date.now();
  const from = timeOf('--from', options.from) ?? to - BUCKETS * ROLLUPS[options.every];
  const stage = openStage(options);
  await withClients(stage, async ({ cloudFormation }) => {
    const stacks = await stageStacks(cloudFormation, stage);
    stageOutputs(stacks, stage, ['HotStoreKind']);
    const store = openHotStore(stage.settings, stacks.outputs);
    try {
      printTable(await store.rollup({ rollup: options.every, measure, thingName: options.device, from, to }), options);
    } finally {
      store.close();
    }
  });
}

function timeOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (Number.isNaN(time)) throw new Failure(`${option} is not a time such as 2026-01-31T12:00:00Z: ${text}`);
  return time;
}
