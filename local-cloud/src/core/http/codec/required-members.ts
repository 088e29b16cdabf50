import type { NormalizedSchema } from '@smithy/core/schema';
import { ConstraintViolations } from '../../constraint-violations.ts';

/** Schemas list a structure's required members first and state how many they are. */
export function requiredMembersOf(structure: NormalizedSchema): readonly string[] {
  const raw = structure.getSchema();
  if (!Array.isArray(raw)) return [];
  const count = raw[6];
  return typeof count === 'number' ? (raw[4] as string[]).slice(0, count) : [];
}

/**
 * All required members that an input lacks, named by AWS's paths (`records.1.member.measureName`).
 * Walked only when a reader saw one missing.
 */
export function missingMembers(schema: NormalizedSchema, input: unknown): ConstraintViolations {
  const violations = new ConstraintViolations();
  walk(schema, input, '', violations);
  return violations;
}

function walk(schema: NormalizedSchema, value: unknown, path: string, violations: ConstraintViolations): void {
  if (typeof value !== 'object' || value === null) return;
  if (schema.isStructSchema()) {
    const structure = value as Record<string, unknown>;
    const required = requiredMembersOf(schema);
    for (const [name, member] of schema.structIterator()) {
      const place = `${path}${path === '' ? '' : '.'}${name.charAt(0).toLowerCase()}${name.slice(1)}`;
      if (required.includes(name)) violations.required(place, structure[name]);
      walk(member, structure[name], place, violations);
    }
  } else if (schema.isListSchema() && Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      walk(schema.getValueSchema(), item, `${path}.${index + 1}.member`, violations);
    }
  } else if (schema.isMapSchema()) {
    for (const [key, item] of Object.entries(value)) {
      walk(schema.getValueSchema(), item, `${path}.${key}.member`, violations);
    }
  }
}
