import type { CreateDimensionRequest, UpdateDimensionRequest } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { requireName } from '../../registry/validation.ts';
import { MAX_DIMENSION_VALUES, PROFILE_NAME_PATTERN } from '../limits.ts';
import type { DimensionRecord } from './detect-records.ts';

/** What narrows a metric to some topics (developer guide, `detect-behaviors`, `dimension`). */
export class Dimensions {
  readonly table: Table<DimensionRecord>;
  readonly #context: CloudContext;
  readonly #arnOf: (name: string) => string;

  constructor(context: CloudContext, arnOf: (name: string) => string) {
    this.table = new Table(context.store, 'iot/dimensions');
    this.#context = context;
    this.#arnOf = arnOf;
  }

  get(name: string | undefined): DimensionRecord {
    requireName('name', name, PROFILE_NAME_PATTERN);
    const dimension = this.table.get(name);
    if (dimension === undefined) throw resourceNotFound(`Dimension not found: ${name}`);
    return dimension;
  }

  create(input: CreateDimensionRequest): DimensionRecord {
    const { name, type, clientRequestToken: token } = input;
    requireName('name', name, PROFILE_NAME_PATTERN);
    new ConstraintViolations()
      .required('type', type)
      .oneOf('type', type, ['TOPIC_FILTER'])
      .throwIfAny('InvalidRequestException');
    const stringValues = readValues(input.stringValues);
    const existing = this.table.get(name);
    if (existing !== undefined) {
      if (token !== undefined && existing.clientRequestToken === token) return existing;
      throw resourceAlreadyExists(`The dimension ${name} already exists`, this.#arnOf(name), name);
    }
    const now = this.#context.clock.now();
    const record: DimensionRecord = {
      name,
      type: 'TOPIC_FILTER',
      stringValues,
      ...(token === undefined ? {} : { clientRequestToken: token }),
      creationDate: now,
      lastModifiedDate: now,
    };
    this.table.put(name, record);
    return record;
  }

  update(input: UpdateDimensionRequest): DimensionRecord {
    const record = this.get(input.name);
    const updated: DimensionRecord = {
      ...record,
      stringValues: readValues(input.stringValues),
      lastModifiedDate: this.#context.clock.now(),
    };
    this.table.put(record.name, updated);
    return updated;
  }

  delete(name: string | undefined, users: readonly string[]): void {
    requireName('name', name, PROFILE_NAME_PATTERN);
    if (users.length > 0) {
      throw invalidRequest(`The dimension ${name} is used by the security profiles ${users.join(', ')}`);
    }
    this.table.delete(name);
  }
}

function readValues(values: readonly string[] | undefined): string[] {
  const violations = new ConstraintViolations()
    .required('stringValues', values)
    .length('stringValues', values, 1, MAX_DIMENSION_VALUES);
  for (const value of values ?? []) violations.length('stringValues', value, 1, 256);
  violations.throwIfAny('InvalidRequestException');
  return [...(values ?? [])];
}
