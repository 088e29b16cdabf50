import { validationError } from '../faults.ts';
import { MAX_DIMENSION_NAME_BYTES, MAX_MEASURE_NAME_BYTES } from '../limits.ts';

/**
 * Developer guide, "Quotas", naming constraints and system identifiers: `measure_value`, `ts_non_existent_col` and
 * `time` are reserved, names may not begin with `ts_` or `measure_name`; API reference of AWS IoT, TimestreamDimension:
 * nor with `measure_value`, and they hold no colon.
 */
const RESERVED_PREFIXES = ['ts_', 'measure_name', 'measure_value'];

/** Names found to be good; the same few come with every record. */
const checkedDimensions = new Set<string>();
const checkedMeasures = new Set<string>();
const REMEMBERED = 4096;

/** @throws AwsError `ValidationException` */
export function checkDimensionName(name: string): void {
  if (checkedDimensions.has(name)) return;
  check(name, 'Dimension', MAX_DIMENSION_NAME_BYTES);
  if (checkedDimensions.size < REMEMBERED) checkedDimensions.add(name);
}

/** @throws AwsError `ValidationException` */
export function checkMeasureName(name: string): void {
  if (checkedMeasures.has(name)) return;
  check(name, 'Measure', MAX_MEASURE_NAME_BYTES);
  if (checkedMeasures.size < REMEMBERED) checkedMeasures.add(name);
}

function check(name: string, kind: string, maxBytes: number): void {
  if (Buffer.byteLength(name) > maxBytes) {
    throw validationError(`${kind} name '${name}' is longer than ${maxBytes} bytes.`);
  }
  if (name === 'time' || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    throw validationError(`${kind} name '${name}' is reserved: it is, or begins with, a system identifier.`);
  }
  if (name.includes(':')) throw validationError(`${kind} name '${name}' contains a colon.`);
}
