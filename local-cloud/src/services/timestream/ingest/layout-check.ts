import { MAX_DIMENSIONS, MAX_MEASURE_NAMES_PER_TABLE, MAX_MULTI_MEASURES_PER_TABLE } from '../limits.ts';
import type { LayoutGrowth } from '../storage/table-layout.ts';
import type { IngestRecord } from './record.ts';

/**
 * Whether a record fits the table's columns. The first record with a measure name fixes its type, and the first with a
 * multi-measure attribute the type of that column; a column is a dimension or a measure, not both (developer guide,
 * "Quotas", naming constraints and limits per table).
 *
 * @returns the reason of a rejection
 */
export function checkLayout(record: IngestRecord, growth: LayoutGrowth): string | undefined {
  const known = growth.measureNameType(record.measureName);
  if (known !== undefined && known !== record.type) {
    return `The measure name '${record.measureName}' is used with the data type ${known.toUpperCase()} and cannot be written as ${record.type.toUpperCase()}.`;
  }
  if (known === undefined && growth.measureNameCount >= MAX_MEASURE_NAMES_PER_TABLE) {
    return `The table has ${MAX_MEASURE_NAMES_PER_TABLE} measure names already.`;
  }
  let newDimensions = 0;
  for (const { name } of record.dimensions) {
    if (growth.hasDimension(name)) continue;
    if (growth.measureType(name) !== undefined) return `The column '${name}' is a measure and cannot be a dimension.`;
    newDimensions++;
  }
  if (newDimensions > 0 && growth.dimensionCount + newDimensions > MAX_DIMENSIONS) {
    return `The record would give the table more than ${MAX_DIMENSIONS} dimensions.`;
  }
  let newMeasures = 0;
  for (const { name, type } of record.measures) {
    const stored = growth.measureType(name);
    if (stored === undefined) {
      if (growth.hasDimension(name)) return `The column '${name}' is a dimension and cannot be a measure.`;
      newMeasures++;
    } else if (stored !== type) {
      return `The measure '${name}' has the data type ${stored.toUpperCase()} and cannot be written as ${type.toUpperCase()}.`;
    }
  }
  if (
    record.type === 'multi' &&
    newMeasures > 0 &&
    growth.multiMeasureCount + newMeasures > MAX_MULTI_MEASURES_PER_TABLE
  ) {
    return `The record would give the table more than ${MAX_MULTI_MEASURES_PER_TABLE} multi-measure attributes.`;
  }
  return undefined;
}
