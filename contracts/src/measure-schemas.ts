import * as z from 'zod';
import { LAKE_COLUMNS } from './lake.ts';
import { topicLevelSchema } from './provisioning.ts';
import { measureNameSchema } from './telemetry.ts';

/** `integer` is a number without a fraction; both are doubles in every store. */
export const MEASURE_TYPES = ['number', 'integer', 'boolean', 'text'] as const;

export type MeasureType = (typeof MEASURE_TYPES)[number];

export const measureSchema = z
  .strictObject({
    type: z.enum(MEASURE_TYPES),
    /** For people, and for what draws curves: `°C`. */
    unit: z.string().min(1).max(32).optional(),
    /** Lowest and highest value of a number, both allowed. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** Every sample of the telemetry channel must hold it. */
    required: z.boolean().default(false),
  })
  .refine(({ max, min, type }) => isNumeric(type) || (min === undefined && max === undefined), {
    path: ['min'],
    message: 'a range is for numbers only',
  })
  .refine(({ max, min }) => min === undefined || max === undefined || min <= max, {
    path: ['min'],
    message: 'must be at most max',
  });

export const deviceTypeMeasuresSchema = z.strictObject({
  /** What becomes of a telemetry sample with a measure that is not named here. */
  unknown: z.enum(['accept', 'reject']).default('accept'),
  measures: z
    .record(measureNameSchema, measureSchema)
    .refine((measures) => Object.keys(measures).length > 0, 'must name at least one measure'),
});

export type DeviceTypeMeasures = z.infer<typeof deviceTypeMeasuresSchema>;

/** Measures whose roll-ups fit into one record: Timestream takes 256 of a record's measures, four are made of each. */
export const MAX_NUMERIC_MEASURES = 60;

/**
 * What devices measure, by device type. A type that is not named here may send anything.
 *
 * All types share the columns of one table, in which names are told apart without case: so a name has one type
 * throughout, and one spelling.
 */
export const measureSchemasSchema = z
  .record(topicLevelSchema, deviceTypeMeasuresSchema)
  .superRefine((schemas, context) => {
    const known = new Map<string, { name: string; type: MeasureType }>();
    const reserved = new Set<string>(LAKE_COLUMNS.telemetry.map(({ name }) => name).concat('date', 'hour'));
    for (const [deviceType, { measures }] of Object.entries(schemas)) {
      for (const [name, { type }] of Object.entries(measures)) {
        const problem = (message: string) =>
          context.addIssue({ code: 'custom', path: [deviceType, 'measures', name], message, input: schemas });
        const column = name.toLowerCase();
        if (reserved.has(column)) problem('is a column of the lake itself');
        const other = known.get(column);
        if (other === undefined) known.set(column, { name, type });
        else if (other.name !== name) problem(`is spelled ${other.name} by another device type`);
        else if (columnType(other.type) !== columnType(type)) problem(`is a ${other.type} of another device type`);
      }
    }
    if (numericMeasures(schemas).length > MAX_NUMERIC_MEASURES) {
      context.addIssue({
        code: 'custom',
        path: [],
        message: `must name at most ${MAX_NUMERIC_MEASURES} numbers in all`,
        input: schemas,
      });
    }
  });

export type MeasureSchemas = z.infer<typeof measureSchemasSchema>;

export function isNumeric(type: MeasureType): boolean {
  return type === 'number' || type === 'integer';
}

/** How a measure is stored: numbers are doubles always, so that 10 and 10.5 of one sensor share a column. */
export function columnType(type: MeasureType): 'double' | 'boolean' | 'string' {
  return isNumeric(type) ? 'double' : type === 'boolean' ? 'boolean' : 'string';
}

/** Measures of all device types in the order of their names, each once. */
export function measureColumns(
  schemas: MeasureSchemas,
): readonly { readonly name: string; readonly type: 'double' | 'boolean' | 'string' }[] {
  const columns = new Map<string, 'double' | 'boolean' | 'string'>();
  for (const { measures } of Object.values(schemas)) {
    for (const [name, { type }] of Object.entries(measures)) columns.set(name, columnType(type));
  }
  return [...columns].map(([name, type]) => ({ name, type })).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Names of the measures that roll-ups are made of. */
export function numericMeasures(schemas: MeasureSchemas): string[] {
  return measureColumns(schemas).flatMap(({ name, type }) => (type === 'double' ? [name] : []));
}
