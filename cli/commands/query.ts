import { Failure, messageOf } from '../failure.ts';
import { openHotStore, openLake } from '../hot-store/open-hot-store.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageStacks } from '../operator/stage-stacks.ts';
import { formatCsv, formatTable, type ResultTable } from '../output/table.ts';
import { TimestreamReader } from '../timestream.ts';

export interface QueryOptions extends StageOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  /** Ask the lake, also where the hot store is another. */
  readonly lake?: boolean;
}

/** What answers a query. */
interface Answering {
  query(sql: string): Promise<ResultTable>;
  close(): void;
}

/** `fleetwright query`: runs one query in the SQL of the stage's hot store, or of its lake, and prints its rows. */
export async function query(sql: string, options: QueryOptions): Promise<void> {
  const store = await answering(options);
  try {
    const result = await store.query(sql);
    printTable(result, options);
  } catch (error) {
    throw new Failure(`the query failed: ${messageOf(error)}`, 1, { cause: error });
  } finally {
    store.close();
  }
}

/** Without a deployed stage, the Timestream of the account. */
async function answering(options: QueryOptions): Promise<Answering> {
  const stage = openStage(options);
  return withClients(stage, async ({ cloudFormation }) => {
    const { outputs } = await stageStacks(cloudFormation, stage);
    if (options.lake === true) return openLake(stage.settings, outputs);
    return outputs.HotStoreKind === undefined
      ? new TimestreamReader(stage.settings)
      : openHotStore(stage.settings, outputs);
  });
}

/** Prints rows as the options ask. */
export function printTable(result: ResultTable, options: Pick<QueryOptions, 'json' | 'csv'>): void {
  if (options.json === true) {
    for (const row of result.rows) {
      const named = result.columns.map((name, at): [string, string | null] => [name, row[at] ?? null]);
      process.stdout.write(`${JSON.stringify(Object.fromEntries(named))}\n`);
    }
  } else if (options.csv === true) process.stdout.write(`${formatCsv(result)}\r\n`);
  else
    process.stdout.write(`${formatTable(result)}\n${result.rows.length} row${result.rows.length === 1 ? '' : 's'}\n`);
}
