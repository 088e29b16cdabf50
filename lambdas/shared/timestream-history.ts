import { QueryCommand, type Row, type TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import type { Point } from '@fleetwright/contracts';
import { errorName, messageOf } from './errors.ts';
import type { TelemetryHistory } from './telemetry-history.ts';

export interface TimestreamPlace {
  readonly database: string;
  readonly telemetryTable: string;
  readonly healthTable: string;
}

/**
 * The hot store on Timestream. Names of measures are checked where they are configured (letters, digits, underscores),
 * so they stand in quotes as they are; names of things are quoted as text.
 */
export function timestreamHistory(client: TimestreamQueryClient, place: TimestreamPlace): TelemetryHistory {
  const { database, healthTable, telemetryTable } = place;
  const table = (name: string) => `"${database}"."${name}"`;
  const rows = async (sql: string): Promise<Row[]> => {
    const found: Row[] = [];
    let NextToken: string | undefined;
    do {
      const page = await client.send(new QueryCommand({ QueryString: sql, NextToken }));
      found.push(...(page.Rows ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found;
  };
  return {
    async recent(thingName, measures, from, limit) {
      const known = [...measures];
      for (;;) {
        if (known.length === 0) return {};
        const columns = known.map((name) => `"${name}"`).join(', ');
        try {
          const found = await rows(
            `SELECT to_milliseconds(time), ${columns} FROM ${table(telemetryTable)}
             WHERE thing_name = ${text(thingName)} AND measure_name = 'telemetry' AND time >= from_milliseconds(${from})
             ORDER BY time DESC LIMIT ${limit}`,
          );
          found.reverse();
          return Object.fromEntries(known.map((name, at) => [name, pointsOf(found, at + 1)]));
        } catch (error) {
          const missing = missingColumn(error, ['thing_name', ...known]);
          if (missing === undefined) throw error;
          if (missing === 'thing_name') return {};
          known.splice(known.indexOf(missing), 1);
        }
      }
    },
    async medians(thingName, channel, measure, from, stretchSeconds) {
      const stretch = `bin(time, ${stretchSeconds}s)`;
      const [name, value, of] =
        channel === 'telemetry'
          ? [telemetryTable, `"${measure}"`, `measure_name = 'telemetry' AND "${measure}" IS NOT NULL`]
          : [healthTable, 'measure_value::bigint', `measure_name = ${text(measure)}`];
      try {
        const found = await rows(
          `SELECT to_milliseconds(${stretch}), approx_percentile(${value}, 0.5) FROM ${table(name)}
           WHERE thing_name = ${text(thingName)} AND ${of} AND time >= from_milliseconds(${from})
           GROUP BY ${stretch} ORDER BY 1`,
        );
        return pointsOf(found, 1).map(([time, median]) => [time + stretchSeconds * 500, median] as const);
      } catch (error) {
        if (missingColumn(error, ['thing_name', measure, 'measure_value::bigint']) === undefined) throw error;
        return [];
      }
    },
  };
}

/**
 * Until some device has sent a measure, the table has no column for it, and Timestream refuses to name it; an empty table
 * has not even its dimensions.
 */
function missingColumn(error: unknown, names: readonly string[]): string | undefined {
  if (errorName(error) !== 'ValidationException') return undefined;
  const message = messageOf(error).toLowerCase();
  if (!/column .*(does not exist|cannot be resolved)/.test(message)) return undefined;
  return names.find((name) => new RegExp(`(^|[^a-z0-9_])${name.toLowerCase()}([^a-z0-9_]|$)`).test(message));
}

/** Numbers of a column; booleans count as 0 and 1, what is null or text is left out. */
function pointsOf(rows: readonly Row[], column: number): Point[] {
  return rows.flatMap(({ Data = [] }) => {
    const time = Number(Data[0]?.ScalarValue);
    const value = Data[column]?.ScalarValue;
    if (value === undefined) return [];
    const number = value === 'true' ? 1 : value === 'false' ? 0 : Number(value);
    return Number.isFinite(number) ? [[time, number] as const] : [];
  });
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
