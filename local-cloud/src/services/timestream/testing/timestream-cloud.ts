import type { Datum, QueryResponse } from '@aws-sdk/client-timestream-query';
import type { _Record, WriteRecordsResponse } from '@aws-sdk/client-timestream-write';
import type { ManualClock } from '../../../core/clock.ts';
import { AwsError } from '../../../core/errors.ts';
import type { ServicePlugin } from '../../../core/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../../testing/context.ts';
import { createTimestreamPlugin } from '../plugin.ts';

type Cell = string | null | Cell[];

/** A cloud with the Timestream plugin alone, called through the dispatcher with the SDK's shapes. */
export interface TimestreamCloud {
  readonly cloud: TestCloud<ManualClock>;
  readonly plugin: ServicePlugin;
  write<O>(operation: string, input: object): Promise<O>;
  query(QueryString: string, more?: object): Promise<QueryResponse>;
  /** Rows as text, null and nested lists. */
  rows(QueryString: string): Promise<Cell[][]>;
  /** The only value of a query. */
  value(QueryString: string): Promise<Cell>;
  writeRecords(table: string, Records: _Record[], CommonAttributes?: _Record): Promise<WriteRecordsResponse>;
  /** Milliseconds of the cloud's clock, as a record's time. */
  time(offset?: number): string;
  close(): Promise<void>;
}

/** Starts it with a database `iot` and the given tables, with default retention. */
export async function startTimestream(
  tables: readonly string[] = [],
  options: { directory?: string } = {},
): Promise<TimestreamCloud> {
  const cloud = createTestCloud(options);
  const plugin = cloud.use(createTimestreamPlugin);
  await plugin.start?.();
  const write = <O>(operation: string, input: object) =>
    cloud.api.call<O>(ADMINISTRATOR, 'timestream-write', operation, input);
  const query = (QueryString: string, more: object = {}) =>
    cloud.api.call<QueryResponse>(ADMINISTRATOR, 'timestream-query', 'Query', { QueryString, ...more });
  const rows = async (QueryString: string) => {
    const { Rows = [] } = await query(QueryString);
    return Rows.map(({ Data = [] }) => Data.map(cell));
  };
  if (tables.length > 0) await write('CreateDatabase', { DatabaseName: 'iot' });
  for (const TableName of tables) await write('CreateTable', { DatabaseName: 'iot', TableName });
  return {
    cloud,
    plugin,
    write,
    query,
    rows,
    value: async (QueryString) => (await rows(QueryString))[0]?.[0] ?? null,
    writeRecords: (TableName, Records, CommonAttributes) =>
      write('WriteRecords', {
        DatabaseName: 'iot',
        TableName,
        Records,
        ...(CommonAttributes === undefined ? {} : { CommonAttributes }),
      }),
    time: (offset = 0) => String(cloud.clock.now() + offset),
    close: () => cloud.close(),
  };
}

function cell(datum: Datum): Cell {
  if (datum.NullValue === true) return null;
  if (datum.ArrayValue !== undefined) return datum.ArrayValue.map(cell);
  if (datum.RowValue !== undefined) return (datum.RowValue.Data ?? []).map(cell);
  return datum.ScalarValue ?? null;
}

/** The error that a call ends with. */
export async function fault(call: Promise<unknown>): Promise<AwsError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('the call succeeded');
}
