import { judge, namedValues, type PartitionValue } from '../../../core/sql/partition-filter.ts';
import type { Expression } from '../../../core/sql/syntax/ast.ts';
import { QueryFailure } from '../errors.ts';
import { MAX_PROJECTED_PARTITIONS, MAX_PROJECTED_VALUES } from '../limits.ts';
import { type DateUnit, dateValues } from './projected-dates.ts';

/** A partition key: its name in lower case, and whether its values are compared as numbers. */
export interface PartitionKey {
  readonly name: string;
  readonly isInteger: boolean;
}

type Properties = Readonly<Record<string, string>>;

/** Values of the partitions of a table with partition projection (Athena user guide, "Supported types for partition projection"). */
export class Projection {
  readonly #keys: readonly PartitionKey[];
  readonly #properties: Properties;
  readonly #now: number;

  constructor(keys: readonly PartitionKey[], properties: Properties, now: number) {
    this.#keys = keys;
    this.#properties = Object.fromEntries(Object.entries(properties).map(([key, value]) => [key.toLowerCase(), value]));
    this.#now = now;
  }

  static isEnabled(properties: Properties): boolean {
    return properties['projection.enabled']?.trim().toLowerCase() === 'true';
  }

  /** @throws QueryFailure for properties that are missing or wrong, and for an injected key without a value */
  partitions(condition: Expression | undefined): readonly (readonly string[])[] {
    let partitions: string[][] = [[]];
    for (const key of this.#keys) {
      const values = this.#values(key, condition);
      if (partitions.length * values.length > MAX_PROJECTED_PARTITIONS) {
        throw new QueryFailure(`more than ${MAX_PROJECTED_PARTITIONS} partitions are projected: limit the query`);
      }
      partitions = partitions.flatMap((known) => values.map((value) => [...known, value]));
    }
    return partitions;
  }

  #values(key: PartitionKey, condition: Expression | undefined): readonly string[] {
    const isKey = (parts: readonly string[]) => parts.at(-1) === key.name;
    const matches = (value: string) =>
      condition === undefined ||
      judge(condition, (parts) => (isKey(parts) ? comparable(key, value) : undefined)) !== false;
    const type = this.#property(key, 'type').toLowerCase();
    switch (type) {
      case 'enum':
        return this.#raw(key, 'values').split(',').filter(matches);
      case 'integer':
        return this.#integers(key).filter(matches);
      case 'date':
        return this.#dates(key).filter(matches);
      case 'injected': {
        const values = condition === undefined ? undefined : namedValues(condition, isKey);
        if (values === undefined) {
          throw new QueryFailure(
            `CONSTRAINT_VIOLATION: For the injected projected partition column ${key.name}, the WHERE clause must contain only static equality conditions, and at least one such condition must be present.`,
          );
        }
        return [...new Set(values.map(String))];
      }
      default:
        throw this.#invalid(key, 'type', type);
    }
  }

  #integers(key: PartitionKey): string[] {
    const range = this.#property(key, 'range');
    const match = /^(-?\d+)\s*,\s*(-?\d+)$/.exec(range);
    if (match === null) throw this.#invalid(key, 'range', range);
    const step = Number(this.#optional(key, 'interval') ?? '1');
    const digits = Number(this.#optional(key, 'digits') ?? '0');
    const [from, to] = [Number(match[1]), Number(match[2])];
    if (
      !Number.isSafeInteger(from) ||
      !Number.isSafeInteger(to) ||
      !(step >= 1) ||
      (to - from) / step > MAX_PROJECTED_VALUES
    ) {
      throw this.#invalid(key, 'range', range);
    }
    const values: string[] = [];
    for (let value = from; value <= to; value += step) values.push(String(value).padStart(digits, '0'));
    return values;
  }

  #dates(key: PartitionKey): string[] {
    const range = this.#property(key, 'range');
    const unit = this.#optional(key, 'interval.unit')?.toUpperCase() as DateUnit | undefined;
    const interval = this.#optional(key, 'interval');
    try {
      return dateValues({
        range,
        format: this.#raw(key, 'format').trim(),
        interval: interval === undefined ? undefined : Number(interval),
        unit,
        now: this.#now,
      });
    } catch (error) {
      if (error instanceof QueryFailure) throw error;
      throw this.#invalid(key, 'range', range);
    }
  }

  #property(key: PartitionKey, name: string): string {
    return this.#raw(key, name).trim();
  }

  #raw(key: PartitionKey, name: string): string {
    const value = this.#properties[`projection.${key.name}.${name}`];
    if (value === undefined) {
      throw new QueryFailure(
        `INVALID_TABLE_PROPERTY: Table is configured for partition projection, but the property projection.${key.name}.${name} is missing`,
      );
    }
    return value;
  }

  #optional(key: PartitionKey, name: string): string | undefined {
    return this.#properties[`projection.${key.name}.${name}`]?.trim();
  }

  #invalid(key: PartitionKey, name: string, value: string): QueryFailure {
    return new QueryFailure(`INVALID_TABLE_PROPERTY: projection.${key.name}.${name} has the invalid value '${value}'`);
  }
}

/** A value as conditions compare it; undefined for text in place of a number. */
export function comparable(key: PartitionKey, value: string): PartitionValue | undefined {
  if (!key.isInteger) return value;
  return /^-?\d+$/.test(value) ? BigInt(value) : undefined;
}
