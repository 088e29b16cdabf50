import type { _Record, Dimension, MeasureValue, WriteRecordsRequest } from '@aws-sdk/client-timestream-write';
import { Constraints } from '../constraints.ts';
import { type RejectedRecord, validationError } from '../faults.ts';
import {
  MAX_DIMENSIONS,
  MAX_MEASURE_VALUE_BYTES,
  MAX_MEASURES_PER_RECORD,
  MAX_RECORDS_PER_CALL,
  MAX_VERSION,
} from '../limits.ts';
import type { MeasureNameType } from '../storage/table-layout.ts';
import { checkDimensionName, checkMeasureName } from './column-names.ts';
import { readMeasureValue } from './measure-values.ts';
import { contentDigest, type IngestRecord, type RecordDimension, type RecordMeasure, seriesText } from './record.ts';
import { checkSizes } from './record-sizes.ts';
import { parseTime, readTime, TIME_UNITS } from './record-time.ts';

const VALUE_TYPES = ['DOUBLE', 'BIGINT', 'VARCHAR', 'BOOLEAN', 'TIMESTAMP', 'MULTI'];

export interface ReadRecords {
  readonly records: readonly IngestRecord[];
  readonly rejected: RejectedRecord[];
}

/**
 * Merges each record with the common attributes and checks it. What breaks the API's shape fails the whole call; what is
 * wrong with one record's data rejects that record (API reference, WriteRecords and RejectedRecord).
 *
 * @throws AwsError `ValidationException`
 */
export function readRecords(request: WriteRecordsRequest): ReadRecords {
  checkShape(request);
  const common = request.CommonAttributes ?? {};
  const commonDimensions = readDimensions(common.Dimensions);
  const records: IngestRecord[] = [];
  const rejected: RejectedRecord[] = [];
  for (const [index, record] of (request.Records as _Record[]).entries()) {
    const read = readRecord(record, common, commonDimensions, index);
    if (typeof read === 'string') rejected.push({ RecordIndex: index, Reason: read });
    else records.push(read);
  }
  return { records, rejected };
}

/** Answers the reason of a rejection, or the record. */
function readRecord(
  own: _Record,
  common: _Record,
  commonDimensions: readonly RecordDimension[],
  index: number,
): IngestRecord | string {
  const measureName = own.MeasureName ?? common.MeasureName;
  if (measureName === undefined) throw missing('MeasureName', index);
  checkMeasureName(measureName);
  const unit = own.TimeUnit ?? common.TimeUnit ?? 'MILLISECONDS';
  const time = own.Time ?? common.Time;
  if (time === undefined) throw missing('Time', index);
  const nanoseconds = parseTime(time, unit) ?? readTime(time, unit, `records.${index + 1}.member.time`);
  const version = readVersion(own.Version ?? common.Version ?? 1, index);
  const dimensions = mergeDimensions(readDimensions(own.Dimensions), commonDimensions, index);
  const emptyDimension = dimensions.find((dimension) => dimension.value === '');
  if (emptyDimension !== undefined) return `The value of dimension '${emptyDimension.name}' is empty.`;
  const measures = readMeasures(own, common, unit, index);
  if (typeof measures === 'string') return measures;
  const clash = dimensions.find(({ name }) => measures.some((measure) => measure.name === name));
  if (clash !== undefined) return `The name '${clash.name}' is used for a dimension and for a measure.`;
  const oversize = checkSizes(measureName, dimensions, measures);
  if (oversize !== undefined) return oversize;
  const valueType = own.MeasureValueType ?? common.MeasureValueType ?? 'DOUBLE';
  return {
    index,
    time: nanoseconds,
    measureName,
    type: valueType.toLowerCase() as MeasureNameType,
    version,
    dimensions,
    measures,
    series: seriesText(measureName, dimensions),
    content: contentDigest(measures),
  };
}

/** @throws AwsError `ValidationException` */
function readVersion(version: number | bigint, index: number): bigint {
  const exact = typeof version === 'bigint' || Number.isInteger(version) ? BigInt(version) : 0n;
  if (exact < 1n || exact > MAX_VERSION) {
    throw validationError(`The version of the record at index ${index} must be a 64-bit number of 1 or greater.`);
  }
  return exact;
}

/** @returns the measures under their columns' names, or the reason of a rejection */
function readMeasures(own: _Record, common: _Record, unit: string, index: number): RecordMeasure[] | string {
  const valueType = own.MeasureValueType ?? common.MeasureValueType ?? 'DOUBLE';
  const single = own.MeasureValue ?? common.MeasureValue;
  const many = own.MeasureValues ?? common.MeasureValues;
  if (own.MeasureValues !== undefined && common.MeasureValues !== undefined) {
    throw validationError(`MeasureValues of the record at index ${index} are given in the common attributes too.`);
  }
  if (valueType !== 'MULTI') {
    if (many !== undefined) throw validationError('MeasureValues are only allowed for the measure value type MULTI.');
    if (single === undefined) throw missing('MeasureValue', index);
    if (valueType === 'TIMESTAMP') {
      throw validationError('The type TIMESTAMP is only supported within measure values of type MULTI.');
    }
    const read = readMeasureValue(`measure_value::${valueType.toLowerCase()}`, single, valueType, unit);
    return typeof read === 'string' ? read : [read];
  }
  if (single !== undefined) throw validationError('MeasureValue is not allowed for the measure value type MULTI.');
  if (many === undefined || many.length === 0) throw missing('MeasureValues', index);
  const measures: RecordMeasure[] = [];
  const names = new Set<string>();
  for (const { Name, Value, Type } of many as Required<MeasureValue>[]) {
    checkMeasureName(Name as string);
    if (Type === 'MULTI') throw validationError(`Measure '${Name}' of a multi-measure record cannot be of type MULTI.`);
    if (names.has(Name as string)) throw validationError(`Measure '${Name}' is given more than once in a record.`);
    names.add(Name as string);
    const read = readMeasureValue(Name as string, Value as string, Type as string, unit);
    if (typeof read === 'string') return read;
    measures.push(read);
  }
  return measures;
}

/** In order of name. */
function readDimensions(dimensions: readonly Dimension[] | undefined): readonly RecordDimension[] {
  if (dimensions === undefined || dimensions.length === 0) return [];
  return dimensions
    .map(({ Name, Value }) => {
      checkDimensionName(Name as string);
      return { name: Name as string, value: Value as string };
    })
    .sort(byName);
}

/** @throws AwsError `ValidationException`: dimensions may not overlap (API reference, WriteRecords, CommonAttributes) */
function mergeDimensions(
  own: readonly RecordDimension[],
  common: readonly RecordDimension[],
  index: number,
): readonly RecordDimension[] {
  const merged = own.length === 0 ? common : common.length === 0 ? own : [...common, ...own].sort(byName);
  for (let position = 1; position < merged.length; position++) {
    const { name } = merged[position] as RecordDimension;
    if (name === merged[position - 1]?.name) {
      throw validationError(`Dimension '${name}' is given more than once for the record at index ${index}.`);
    }
  }
  if (merged.length > MAX_DIMENSIONS) {
    throw validationError(`The record at index ${index} has more than ${MAX_DIMENSIONS} dimensions.`);
  }
  return merged;
}

/** Constraints of the service model. Paths are only made up for what fails. */
function checkShape(request: WriteRecordsRequest): void {
  const constraints = new Constraints();
  constraints.required(request.DatabaseName, 'databaseName');
  constraints.required(request.TableName, 'tableName');
  const { Records, CommonAttributes } = request;
  if (constraints.required(Records, 'records') && Records !== undefined) {
    if (Records.length < 1) constraints.fail('[]', 'records', 'have length greater than or equal to 1');
    if (Records.length > MAX_RECORDS_PER_CALL) {
      constraints.fail(
        `${Records.length} records`,
        'records',
        `have length less than or equal to ${MAX_RECORDS_PER_CALL}`,
      );
    }
    Records.forEach((record, index) => {
      checkRecordShape(record, () => `records.${index + 1}.member`, constraints);
    });
  }
  if (CommonAttributes !== undefined) checkRecordShape(CommonAttributes, () => 'commonAttributes', constraints);
  constraints.check();
}

function checkRecordShape(record: _Record, path: () => string, constraints: Constraints): void {
  const { Dimensions, MeasureName, MeasureValue: single, MeasureValueType, MeasureValues, Time, TimeUnit } = record;
  if (isTooLong(MeasureName, 256)) constraints.length(MeasureName, `${path()}.measureName`, 1, 256);
  if (isTooLong(single, MAX_MEASURE_VALUE_BYTES)) {
    constraints.length(single, `${path()}.measureValue`, 1, MAX_MEASURE_VALUE_BYTES);
  }
  if (isTooLong(Time, 256)) constraints.length(Time, `${path()}.time`, 1, 256);
  if (MeasureValueType !== undefined && !VALUE_TYPES.includes(MeasureValueType)) {
    constraints.oneOf(MeasureValueType, `${path()}.measureValueType`, VALUE_TYPES);
  }
  if (TimeUnit !== undefined && !Object.hasOwn(TIME_UNITS, TimeUnit)) {
    constraints.oneOf(TimeUnit, `${path()}.timeUnit`, Object.keys(TIME_UNITS));
  }
  if (Dimensions !== undefined && Dimensions.length > MAX_DIMENSIONS) {
    constraints.fail(
      `${Dimensions.length} dimensions`,
      `${path()}.dimensions`,
      `have length less than or equal to ${MAX_DIMENSIONS}`,
    );
  }
  for (let index = 0; Dimensions !== undefined && index < Dimensions.length; index++) {
    const { Name, Value, DimensionValueType } = Dimensions[index] as Dimension;
    if (Name === undefined || isTooLong(Name, 60)) {
      const at = `${path()}.dimensions.${index + 1}.member.name`;
      constraints.required(Name, at);
      constraints.length(Name, at, 1, 60);
    }
    if (Value === undefined) constraints.required(Value, `${path()}.dimensions.${index + 1}.member.value`);
    if (DimensionValueType !== undefined && DimensionValueType !== 'VARCHAR') {
      const at = `${path()}.dimensions.${index + 1}.member.dimensionValueType`;
      constraints.oneOf(DimensionValueType, at, ['VARCHAR']);
    }
  }
  if (MeasureValues !== undefined && MeasureValues.length > MAX_MEASURES_PER_RECORD) {
    constraints.fail(
      `${MeasureValues.length} measures`,
      `${path()}.measureValues`,
      `have length less than or equal to ${MAX_MEASURES_PER_RECORD}`,
    );
  }
  for (let index = 0; MeasureValues !== undefined && index < MeasureValues.length; index++) {
    const { Name, Value, Type } = MeasureValues[index] as MeasureValue;
    if (Name === undefined || isTooLong(Name, 256)) {
      const at = `${path()}.measureValues.${index + 1}.member.name`;
      constraints.required(Name, at);
      constraints.length(Name, at, 1, 256);
    }
    if (Value === undefined || isTooLong(Value, MAX_MEASURE_VALUE_BYTES)) {
      const at = `${path()}.measureValues.${index + 1}.member.value`;
      constraints.required(Value, at);
      constraints.length(Value, at, 1, MAX_MEASURE_VALUE_BYTES);
    }
    if (Type === undefined) constraints.required(Type, `${path()}.measureValues.${index + 1}.member.type`);
    else if (!VALUE_TYPES.includes(Type)) {
      constraints.oneOf(Type, `${path()}.measureValues.${index + 1}.member.type`, VALUE_TYPES);
    }
  }
}

/** Empty or over `max` characters. */
function isTooLong(text: string | undefined, max: number): boolean {
  return text !== undefined && (text.length === 0 || text.length > max);
}

function missing(member: string, index: number): Error {
  return validationError(
    `${member} is missing: neither the record at index ${index} nor the common attributes have it.`,
  );
}

function byName(left: RecordDimension, right: RecordDimension): number {
  return left.name < right.name ? -1 : left.name > right.name ? 1 : 0;
}
