import { type DeviceTypeMeasures, isNumeric, type MeasureSchemas, type Sample } from '@fleetwright/contracts';

/**
 * Judges the values of one sample; the answer says what is wrong.
 * @param isWhole the sample is to hold what is required, and nothing unknown: a sample of the telemetry channel
 */
export type MeasureCheck = (values: Sample['values'], isWhole: boolean) => string | undefined;

/** By device type; a type that is missing may send anything. */
export type MeasureChecks = ReadonlyMap<string, MeasureCheck>;

/** Compiled once, when the function starts: a sample costs one look-up for each of its values. */
export function compileMeasures(schemas: MeasureSchemas): MeasureChecks {
  return new Map(Object.entries(schemas).map(([deviceType, schema]) => [deviceType, compile(deviceType, schema)]));
}

interface Rule {
  readonly kind: 'number' | 'boolean' | 'string';
  readonly isInteger: boolean;
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly isRequired: boolean;
}

function compile(deviceType: string, { measures, unknown }: DeviceTypeMeasures): MeasureCheck {
  const rules = new Map<string, Rule>();
  const required: string[] = [];
  for (const [name, { max = Infinity, min = -Infinity, required: isRequired, type, unit }] of Object.entries(
    measures,
  )) {
    const kind = isNumeric(type) ? 'number' : type === 'boolean' ? 'boolean' : 'string';
    const suffix = unit === undefined ? '' : ` ${unit}`;
    rules.set(name, { kind, isInteger: type === 'integer', min, max, unit: suffix, isRequired });
    if (isRequired) required.push(name);
  }
  const rejectsUnknown = unknown === 'reject';
  return (values, isWhole) => {
    let found = 0;
    for (const name in values) {
      const rule = rules.get(name);
      if (rule === undefined) {
        if (rejectsUnknown && isWhole) return `${name} is not a measure of ${deviceType}`;
        continue;
      }
      const value = values[name];
      if (typeof value !== rule.kind) return `${name} is a ${typeof value}, not a ${rule.kind}`;
      if (typeof value === 'number') {
        if (value < rule.min) return `${name} is ${value}${rule.unit}, below ${rule.min}${rule.unit}`;
        if (value > rule.max) return `${name} is ${value}${rule.unit}, above ${rule.max}${rule.unit}`;
        if (rule.isInteger && !Number.isInteger(value)) return `${name} is ${value}, not a whole number`;
      }
      if (rule.isRequired) found++;
    }
    if (!isWhole || found === required.length) return undefined;
    const missing = required.filter((name) => values[name] === undefined);
    return `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`;
  };
}
