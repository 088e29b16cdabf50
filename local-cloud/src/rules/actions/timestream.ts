import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import { numberText } from '../values/convert.ts';
import { toJson } from '../values/json.ts';
import { isInt, isNumber } from '../values/numbers.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import type { ActionWork } from './action-work.ts';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

/** Values that one message may write ("Timestream", note on quotas). */
const MAX_VALUES = 100;
/** The SDK's endpoint discovery keeps an endpoint for a day. */
const ENDPOINT_LIFETIME = 24 * 3_600_000;

const RESERVED_DIMENSIONS = ['measure_name', 'measure_value', 'time'];

const dimensionName = z
  .string()
  .min(1)
  .refine(
    (name) =>
      !RESERVED_DIMENSIONS.includes(name) &&
      !name.startsWith('ts_') &&
      !name.startsWith('measure_value') &&
      !name.includes(':'),
    'is a reserved dimension name',
  );

const schema = z.strictObject({
  roleArn: roleArnSchema,
  databaseName: z.string().min(1),
  tableName: z.string().min(1),
  dimensions: z
    .array(z.strictObject({ name: dimensionName, value: z.string().min(1) }))
    .min(1)
    .max(128),
  timestamp: z
    .strictObject({
      value: z.string().min(1),
      unit: z.enum(['SECONDS', 'MILLISECONDS', 'MICROSECONDS', 'NANOSECONDS']).default('MILLISECONDS'),
    })
    .optional(),
});

interface MeasureRecord {
  readonly MeasureName: string;
  readonly MeasureValue: string;
  readonly MeasureValueType: 'BIGINT' | 'DOUBLE' | 'BOOLEAN' | 'VARCHAR';
}

/** "Timestream": one record per attribute of the output, never multi-measure. */
export const timestreamAction: ActionKind = {
  kind: 'timestream',
  compile(parameters, site) {
    const definition = readParameters(schema, parameters, site);
    const { roleArn } = definition;
    const database = site.template('databaseName', definition.databaseName);
    const table = site.template('tableName', definition.tableName);
    const dimensions = definition.dimensions.map(({ name, value }, index) => ({
      name,
      value: site.template(`dimensions[${index}].value`, value),
    }));
    const time = definition.timestamp;
    const timeTemplate = time === undefined ? undefined : site.template('timestamp.value', time.value);
    const discovered = new WeakMap<AssumedRole, number>();

    /** The role needs `timestream:DescribeEndpoints` too ("Requirements"): the SDK asks before it writes. */
    const discover = async (role: AssumedRole): Promise<void> => {
      const now = site.clock.now();
      if ((discovered.get(role) ?? Number.NEGATIVE_INFINITY) > now) return;
      await site.api.call(role, 'timestream-write', 'DescribeEndpoints', {});
      discovered.set(role, now + ENDPOINT_LIFETIME);
    };

    const where = (work: ActionWork): string => `Database: ${work.render(database)}, Table: ${work.render(table)}`;

    return {
      failedAction: 'TimestreamAction',
      readsOutput: true,
      roleArn,
      complaint: 'Failed to write records to Timestream.',
      async run(work) {
        const records = measures(work.output);
        if (records.length === 0) return;
        const role = site.role(roleArn);
        await discover(role);
        await site.api.call(role, 'timestream-write', 'WriteRecords', {
          DatabaseName: work.render(database),
          TableName: work.render(table),
          CommonAttributes: {
            Dimensions: dimensions.map(({ name, value }) => ({
              Name: name,
              Value: work.render(value),
              DimensionValueType: 'VARCHAR',
            })),
            Time: timeTemplate === undefined ? String(work.evaluation.input.timestamp) : work.render(timeTemplate),
            TimeUnit: time?.unit ?? 'MILLISECONDS',
          },
          Records: records,
        });
      },
      resource: (work) => `${work.render(database)}/${work.render(table)}`,
      describe: (work) => `Action: timestream, ${where(work)}`,
    };
  },
};

function measures(output: SqlValue): MeasureRecord[] {
  if (!isObject(output)) {
    throw new AwsError('ValidationException', 'The output of the rule is not an object whose attributes are measures');
  }
  const records: MeasureRecord[] = [];
  for (const [name, value] of Object.entries(output)) {
    if (value !== undefined && value !== null) records.push({ MeasureName: name, ...measure(value) });
  }
  if (records.length > MAX_VALUES) {
    throw new AwsError('ValidationException', `The output has ${records.length} values, more than ${MAX_VALUES}`);
  }
  return records;
}

/** A whole number is a bigint, as SQL 2016-03-23 makes of 10.0 ("Timestream", interpretation of values). */
function measure(value: NonNullable<SqlValue>): Pick<MeasureRecord, 'MeasureValue' | 'MeasureValueType'> {
  if (typeof value === 'boolean') return { MeasureValue: String(value), MeasureValueType: 'BOOLEAN' };
  if (typeof value === 'string') return { MeasureValue: value, MeasureValueType: 'VARCHAR' };
  if (isNumber(value)) return { MeasureValue: numberText(value), MeasureValueType: isInt(value) ? 'BIGINT' : 'DOUBLE' };
  return { MeasureValue: toJson(value), MeasureValueType: 'VARCHAR' };
}
