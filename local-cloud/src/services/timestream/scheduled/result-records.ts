import type { QueryResponse, Row, TimestreamConfiguration } from '@aws-sdk/client-timestream-query';
import type { _Record } from '@aws-sdk/client-timestream-write';
import { validationError } from '../faults.ts';

/** Rows of a result as multi-measure records of the target table (developer guide, "Scheduled query schedule and mappings"). */
export function resultRecords(
  columns: QueryResponse['ColumnInfo'],
  rows: readonly Row[],
  target: TimestreamConfiguration,
): _Record[] {
  const places = new Map((columns ?? []).map(({ Name }, index) => [Name, index]));
  const place = (column: string | undefined) => {
    const index = places.get(column);
    if (index === undefined)
      throw validationError(`The query has no column '${column}' that the target configuration names.`);
    return index;
  };
  const time = place(target.TimeColumn);
  const dimensions = (target.DimensionMappings ?? []).map(({ Name }) => ({ name: Name, index: place(Name) }));
  const { MultiMeasureAttributeMappings = [], TargetMultiMeasureName } = target.MultiMeasureMappings ?? {};
  const measures = (MultiMeasureAttributeMappings ?? []).map((mapping) => ({
    name: mapping.TargetMultiMeasureAttributeName ?? mapping.SourceColumn,
    type: mapping.MeasureValueType,
    index: place(mapping.SourceColumn),
  }));
  const named = target.MeasureNameColumn === undefined ? undefined : place(target.MeasureNameColumn);
  return rows.map(({ Data = [] }) => {
    const text = (index: number) => Data[index]?.ScalarValue;
    return {
      MeasureName: (named === undefined ? undefined : text(named)) ?? TargetMultiMeasureName,
      MeasureValueType: 'MULTI',
      Time: String(nanoseconds(text(time))),
      TimeUnit: 'NANOSECONDS',
      Dimensions: dimensions.flatMap(({ index, name }) => {
        const Value = text(index);
        return Value === undefined ? [] : [{ Name: name, Value, DimensionValueType: 'VARCHAR' as const }];
      }),
      MeasureValues: measures.flatMap(({ index, name, type }) => {
        const value = text(index);
        if (value === undefined) return [];
        const Value = type === 'TIMESTAMP' ? String(nanoseconds(value) / 1_000_000n) : value;
        return [{ Name: name, Value, Type: type }];
      }),
    };
  });
}

/** Of `2026-01-01 00:00:00.000000000`. */
function nanoseconds(text: string | undefined): bigint {
  const [whole = '', fraction = ''] = (text ?? '').split('.');
  const seconds = Date.parse(`${whole.replace(' ', 'T')}Z`);
  if (Number.isNaN(seconds)) throw validationError(`'${text}' in the time column is no timestamp.`);
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}
