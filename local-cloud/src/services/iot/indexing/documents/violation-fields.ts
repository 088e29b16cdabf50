import type { ActiveViolation } from '../../../../core/violations.ts';
import { type Fields, type FieldValue, fieldValue } from '../query/field-value.ts';

/**
 * Searchable fields of a thing's violations below `deviceDefender` (developer guide, `managing-fleet-index`, "Managed
 * fields for Device Defender"): the count, and what is known of each behavior in violation.
 */
export function violationFields(violations: readonly ActiveViolation[]): Fields {
  const fields = new Map<string, FieldValue[]>();
  if (violations.length === 0) return fields;
  fields.set('violationCount', [fieldValue(violations.length)]);
  for (const violation of violations) {
    const path = `${violation.securityProfileName}.${violation.behaviorName}`;
    fields.set(`${path}.inViolation`, [fieldValue(true)]);
    fields.set(`${path}.lastViolationTime`, [fieldValue(violation.lastViolationTime)]);
    if (violation.metricName !== undefined) fields.set(`${path}.metricName`, [fieldValue(violation.metricName)]);
    for (const [name, value] of Object.entries(violation.lastViolationValue)) {
      if (value === undefined) continue;
      const values = typeof value === 'number' ? [value] : value;
      fields.set(`${path}.lastViolationValue.${name}`, values.map(fieldValue));
    }
  }
  return fields;
}

/** JSON text: violations by profile and behavior. */
export function violationResult(violations: readonly ActiveViolation[]): string | undefined {
  if (violations.length === 0) return undefined;
  const result: Record<string, number | Record<string, object>> = { violationCount: violations.length };
  for (const { securityProfileName, behaviorName, metricName, lastViolationTime, lastViolationValue } of violations) {
    const profile = (result[securityProfileName] as Record<string, object> | undefined) ?? {};
    profile[behaviorName] = { metricName, lastViolationTime, lastViolationValue, inViolation: true };
    result[securityProfileName] = profile;
  }
  return JSON.stringify(result);
}
