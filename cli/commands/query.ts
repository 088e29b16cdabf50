import { Failure, messageOf } from '../failure.ts';
import { formatCsv, formatTable } from '../output/table.ts';
import { awsClientSettings, localClientSettings, runningCloud } from '../running-cloud.ts';
import { TimestreamReader } from '../timestream.ts';

export interface QueryOptions {
  readonly json?: boolean;
  readonly csv?: boolean;
  readonly dataDir: string;
  /** Ask the account of the environment's credentials instead of the local cloud. */
  readonly aws?: boolean;
  readonly region?: string;
}

/** `fleetwright query`: runs one Timestream query and prints its rows. */
export async function query(sql: string, options: QueryOptions): Promise<void> {
  const settings =
    options.aws === true ? awsClientSettings(options.region) : localClientSettings(runningCloud(options.dataDir));
  const reader = new TimestreamReader(settings);
  try {
    const result = await reader.query(sql);
    if (options.json === true) {
      for (const row of result.rows) {
        process.stdout.write(
          `${JSON.stringify(Object.fromEntries(result.columns.map((name, at) => [name, row[at]])))}\n`,
        );
      }
    } else if (options.csv === true) process.stdout.write(`${formatCsv(result)}\r\n`);
    else
      process.stdout.write(`${formatTable(result)}\n${result.rows.length} row${result.rows.length === 1 ? '' : 's'}\n`);
  } catch (error) {
    throw new Failure(`the query failed: ${messageOf(error)}`, 1, { cause: error });
  } finally {
    reader.close();
  }
}
