import type { Timer } from '../../../../core/clock.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { messageOf } from '../../../../core/errors.ts';
import { invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import type { IotService } from '../../iot-service.ts';
import { Table } from '../../registry/table.ts';
import { requireVersion } from '../../registry/things.ts';
import type { ThingGroupIndexingRecord, ThingIndexingRecord } from '../configuration/indexing-records.ts';
import { thingGroupFieldType } from '../configuration/managed-fields.ts';
import type { FleetIndex } from '../fleet-index.ts';
import { THING_GROUPS_INDEX, THINGS_INDEX } from '../index-names.ts';
import { MAX_FLEET_METRICS, METRIC_NAME_PATTERN } from '../limits.ts';
import { parseQuery } from '../query/parse-query.ts';
import { evaluateFleetMetric } from './evaluate-fleet-metric.ts';
import type { FleetMetricRecord } from './fleet-metric-records.ts';
import { type FleetMetricDefinition, type FleetMetricInput, readFleetMetric } from './read-fleet-metric.ts';

/** `fleet-metrics-get-started`, "View fleet metrics in CloudWatch": IoTFleetMetrics, by Aggregation type. */
const NAMESPACE = 'AWS/IoTFleetMetrics';
const DIMENSION = 'AggregationType';

/** Fleet metrics, and their emission to CloudWatch (developer guide, `iot-fleet-metrics`). */
export class FleetMetrics {
  readonly #service: IotService;
  readonly #index: FleetIndex;
  readonly #metrics: Table<FleetMetricRecord>;
  readonly #timers = new Map<string, Timer>();

  constructor(service: IotService, index: FleetIndex) {
    this.#service = service;
    this.#index = index;
    this.#metrics = new Table(service.context.store, 'iot/fleetMetrics');
    service.registry.tags.allow('fleetmetric', (name) => this.#metrics.has(name));
  }

  get(name: string | undefined): FleetMetricRecord {
    requireMetricName(name);
    const metric = this.#metrics.get(name);
    if (metric === undefined) throw resourceNotFound(`Fleet metric ${name} not found.`);
    return metric;
  }

  sortedNames(): readonly string[] {
    return this.#metrics.sortedKeys();
  }

  arn(name: string): string {
    return this.#service.registry.state.arn('fleetmetric', name);
  }

  /** Creating the same metric again is no error. */
  create(name: string | undefined, input: FleetMetricInput): FleetMetricRecord {
    requireMetricName(name);
    const definition = readFleetMetric(this.#index, input.indexName ?? THINGS_INDEX, input, {});
    const existing = this.#metrics.get(name);
    if (existing !== undefined) {
      if (sameDefinition(existing, definition)) return existing;
      throw resourceAlreadyExists(
        `Fleet metric ${name} already exists with different properties`,
        this.arn(name),
        name,
      );
    }
    if (this.#metrics.size >= MAX_FLEET_METRICS) {
      throw limitExceeded(`The account already has the maximum of ${MAX_FLEET_METRICS} fleet metrics`);
    }
    const now = this.#service.context.clock.now();
    return this.#put({ name, ...definition, version: 1, creationDate: now, lastModifiedDate: now });
  }

  update(name: string | undefined, input: FleetMetricInput, expectedVersion?: number): FleetMetricRecord {
    const metric = this.get(name);
    requireVersion(`fleet metric ${metric.name}`, metric.version, expectedVersion);
    new ConstraintViolations().required('indexName', input.indexName).throwIfAny('InvalidRequestException');
    const definition = readFleetMetric(this.#index, input.indexName ?? metric.indexName, input, metric);
    const { version, creationDate } = metric;
    const lastModifiedDate = this.#service.context.clock.now();
    return this.#put({ name: metric.name, ...definition, version: version + 1, creationDate, lastModifiedDate });
  }

  /** "This command doesn't produce any output … if you specify a fleet metric that doesn't exist." */
  delete(name: string | undefined, expectedVersion?: number): void {
    requireMetricName(name);
    const metric = this.#metrics.get(name);
    if (metric === undefined) return;
    requireVersion(`fleet metric ${name}`, metric.version, expectedVersion);
    this.#metrics.delete(name);
    this.#service.registry.state.tags.delete(this.arn(name));
    this.#unschedule(name);
  }

  /**
   * "Downgrading data sources by updating fleet indexing configuration is not supported. … Modifying custom fields used
   * by existing fleet metrics is not supported" (`fleet-indexing-troubleshooting`).
   *
   * @throws AwsError InvalidRequestException
   */
  checkIndex(things: ThingIndexingRecord, groups: ThingGroupIndexingRecord): void {
    for (const metric of this.#metrics.values()) {
      const { name, indexName, aggregationField } = metric;
      const mode = indexName === THING_GROUPS_INDEX ? groups.thingGroupIndexingMode : things.thingIndexingMode;
      if (mode === 'OFF') throw invalidRequest(`${indexName} cannot be disabled while the fleet metric ${name} exists`);
      const before = this.#index.target(indexName).fieldType(aggregationField);
      try {
        const target = this.#index.thingsAs(things);
        if (indexName === THINGS_INDEX) target.check(parseQuery(metric.queryString));
        const after =
          indexName === THINGS_INDEX
            ? target.fieldType(aggregationField)
            : thingGroupFieldType(aggregationField, groups);
        if (after !== before) throw invalidRequest(`the type of ${aggregationField} is no longer ${before}`);
      } catch (error) {
        throw invalidRequest(`The fleet metric ${name} needs what would no longer be indexed: ${messageOf(error)}`);
      }
    }
  }

  start(): void {
    for (const metric of this.#metrics.values()) this.#schedule(metric);
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #put(metric: FleetMetricRecord): FleetMetricRecord {
    this.#metrics.put(metric.name, metric);
    this.#schedule(metric);
    return metric;
  }

  #schedule({ name, period }: FleetMetricRecord): void {
    this.#unschedule(name);
    this.#timers.set(
      name,
      this.#service.context.clock.every(period * 1000, () => this.#emit(name)),
    );
  }

  #unschedule(name: string): void {
    this.#timers.get(name)?.cancel();
    this.#timers.delete(name);
  }

  #emit(name: string): void {
    const { ports, log } = this.#service.context;
    const metric = this.#metrics.get(name);
    const metrics = ports.find('metrics');
    if (metric === undefined || metrics === undefined) return;
    try {
      for (const [value, point] of evaluateFleetMetric(this.#index, metric)) {
        metrics.put(NAMESPACE, name, { [DIMENSION]: value }, point, metric.unit ?? 'None');
      }
    } catch (error) {
      log('error', 'a fleet metric was not evaluated', { name, reason: messageOf(error) });
    }
  }
}

function requireMetricName(name: string | undefined): asserts name is string {
  new ConstraintViolations()
    .required('metricName', name)
    .length('metricName', name, 1, 128)
    .pattern('metricName', name, METRIC_NAME_PATTERN)
    .throwIfAny('InvalidRequestException');
}

function sameDefinition(metric: FleetMetricRecord, definition: FleetMetricDefinition): boolean {
  const known = metric as FleetMetricDefinition;
  const shown = (one: FleetMetricDefinition) => {
    const { indexName, queryString, queryVersion, aggregationField, aggregationType, period, description, unit } = one;
    const { name, values } = aggregationType;
    return JSON.stringify([
      indexName,
      queryString,
      queryVersion,
      aggregationField,
      name,
      values,
      period,
      description,
      unit,
    ]);
  };
  return shown(known) === shown(definition);
}
