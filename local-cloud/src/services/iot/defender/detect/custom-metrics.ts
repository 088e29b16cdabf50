import type { CreateCustomMetricRequest, CustomMetricType, UpdateCustomMetricRequest } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { AwsError } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { allowText, requireName } from '../../registry/validation.ts';
import { NAME_PATTERN } from '../limits.ts';
import type { CustomMetricRecord } from './detect-records.ts';

const TYPES: readonly CustomMetricType[] = ['string-list', 'ip-address-list', 'number-list', 'number'];

/** Metrics of the account's own (developer guide, `dd-detect-custom-metrics`). */
export class CustomMetrics {
  readonly table: Table<CustomMetricRecord>;
  readonly #context: CloudContext;
  readonly #arnOf: (name: string) => string;

  constructor(context: CloudContext, arnOf: (name: string) => string) {
    this.table = new Table(context.store, 'iot/customMetrics');
    this.#context = context;
    this.#arnOf = arnOf;
  }

  get(name: string | undefined): CustomMetricRecord {
    requireName('metricName', name, NAME_PATTERN);
    const metric = this.table.get(name);
    if (metric === undefined) throw resourceNotFound(`Custom metric not found: ${name}`);
    return metric;
  }

  create(input: CreateCustomMetricRequest): CustomMetricRecord {
    const { metricName: name, metricType: type, displayName, clientRequestToken: token } = input;
    requireName('metricName', name, NAME_PATTERN);
    new ConstraintViolations()
      .required('metricType', type)
      .oneOf('metricType', type, TYPES)
      .throwIfAny('InvalidRequestException');
    allowText('displayName', displayName, 128);
    // "The metric name can't begin with aws:" (API CreateCustomMetric); the pattern of names holds no colon.
    const existing = this.table.get(name);
    if (existing !== undefined) {
      if (token !== undefined && existing.clientRequestToken === token) return existing;
      throw resourceAlreadyExists(`The custom metric ${name} already exists`, this.#arnOf(name), name);
    }
    const now = this.#context.clock.now();
    const record: CustomMetricRecord = {
      name,
      type: type as CustomMetricType,
      ...(displayName === undefined ? {} : { displayName }),
      ...(token === undefined ? {} : { clientRequestToken: token }),
      creationDate: now,
      lastModifiedDate: now,
    };
    this.table.put(name, record);
    return record;
  }

  update(input: UpdateCustomMetricRequest): CustomMetricRecord {
    const record = this.get(input.metricName);
    allowText('displayName', input.displayName, 128);
    const updated = { ...record, displayName: input.displayName ?? '', lastModifiedDate: this.#context.clock.now() };
    this.table.put(record.name, updated);
    return updated;
  }

  /** `users` are the profiles that refer to it. Deleting what does not exist is no error, as for AWS. */
  delete(name: string | undefined, users: readonly string[]): void {
    requireName('metricName', name, NAME_PATTERN);
    if (users.length > 0) {
      throw new AwsError(
        'InvalidRequestException',
        `The custom metric ${name} is used by the security profiles ${users.join(', ')}`,
      );
    }
    this.table.delete(name);
  }
}
