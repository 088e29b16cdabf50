import type { EventSourceMappingConfiguration } from '@aws-sdk/client-lambda';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { Collection } from '../../core/store.ts';
import { invalidParameter, resourceConflict, resourceNotFound } from './errors.ts';
import type { EventSourceRecord } from './event-source-record.ts';
import type { FunctionDirectory } from './function-directory.ts';
import type { FunctionRecord } from './function-record.ts';
import { QueuePoller } from './queue-poller.ts';
import { queueUrlOf } from './queue-url.ts';

export type EventSourceSettings = Pick<
  EventSourceRecord,
  'enabled' | 'batchSize' | 'window' | 'maximumConcurrency' | 'reportBatchItemFailures'
>;

/** Event source mappings and the pollers of those that are enabled. */
export class EventSourceMappings {
  readonly #functions: FunctionDirectory;
  readonly #kept: Collection<EventSourceRecord>;
  readonly #pollers = new Map<string, QueuePoller>();
  /** Pollers of changed or deleted mappings that finish their last batches. */
  readonly #retired = new Set<QueuePoller>();
  #started = false;

  constructor(functions: FunctionDirectory) {
    this.#functions = functions;
    this.#kept = functions.context.store.collection('lambda/event-source-mappings');
  }

  start(): void {
    this.#started = true;
    for (const record of this.#kept.values()) this.#poll(record);
  }

  /** Resolves when the batches that run are accounted for. */
  async stop(): Promise<void> {
    this.#started = false;
    await Promise.all([...this.#pollers.values(), ...this.#retired].map((poller) => poller.stop()));
    this.#pollers.clear();
  }

  /** @throws AwsError `ResourceConflictException` for a queue that the function already reads, and of the checks */
  async create(
    target: FunctionRecord,
    queueArn: string,
    settings: EventSourceSettings,
    tags: Readonly<Record<string, string>>,
  ): Promise<EventSourceRecord> {
    const twin = this.all().find((other) => other.functionName === target.name && other.queueArn === queueArn);
    if (twin !== undefined) {
      throw resourceConflict(
        `An event source mapping with SQS arn (" ${queueArn} ") and function (" ${target.name} ") already exists. Please update or delete the existing mapping with UUID ${twin.uuid}`,
      );
    }
    await this.#checkQueue(target, queueArn);
    const { clock, entropy } = this.#functions.context;
    const record: EventSourceRecord = {
      uuid: uuid(entropy),
      functionName: target.name,
      functionArn: target.arn,
      queueArn,
      ...settings,
      tags,
      lastModified: clock.now(),
    };
    await this.#keep(record);
    return record;
  }

  async update(
    record: EventSourceRecord,
    target: FunctionRecord,
    change: Partial<EventSourceSettings> & { tags?: Readonly<Record<string, string>> },
  ): Promise<EventSourceRecord> {
    if (target.name !== record.functionName) await this.#checkQueue(target, record.queueArn);
    const next = {
      ...record,
      ...change,
      functionName: target.name,
      functionArn: target.arn,
      lastModified: this.#functions.context.clock.now(),
    };
    await this.#keep(next);
    return next;
  }

  async delete(record: EventSourceRecord): Promise<void> {
    this.#kept.delete(record.uuid);
    this.#retirePoller(record.uuid);
    await this.#functions.context.store.durable();
  }

  all(): EventSourceRecord[] {
    return [...this.#kept.values()].sort((a, b) => (a.uuid < b.uuid ? -1 : 1));
  }

  find(id: string): EventSourceRecord | undefined {
    return this.#kept.get(id);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(id: string | undefined): EventSourceRecord {
    const record = id === undefined ? undefined : this.#kept.get(id);
    if (record === undefined) throw resourceNotFound('The resource you requested does not exist.');
    return record;
  }

  arnOf(record: EventSourceRecord): string {
    const { partition, region, accountId } = this.#functions.context.account;
    return `arn:${partition}:lambda:${region}:${accountId}:event-source-mapping:${record.uuid}`;
  }

  /** A mapping as the API shows it. */
  configurationOf(record: EventSourceRecord, state?: string): EventSourceMappingConfiguration {
    const { maximumConcurrency } = record;
    return {
      UUID: record.uuid,
      BatchSize: record.batchSize,
      MaximumBatchingWindowInSeconds: record.window,
      EventSourceArn: record.queueArn,
      FunctionArn: record.functionArn,
      LastModified: new Date(record.lastModified),
      State: state ?? (record.enabled ? 'Enabled' : 'Disabled'),
      StateTransitionReason: 'USER_INITIATED',
      FunctionResponseTypes: record.reportBatchItemFailures ? ['ReportBatchItemFailures'] : [],
      EventSourceMappingArn: this.arnOf(record),
      ScalingConfig: maximumConcurrency === undefined ? undefined : { MaximumConcurrency: maximumConcurrency },
    };
  }

  async #keep(record: EventSourceRecord): Promise<void> {
    this.#kept.put(record.uuid, record);
    this.#retirePoller(record.uuid);
    this.#poll(record);
    await this.#functions.context.store.durable();
  }

  #poll(record: EventSourceRecord): void {
    if (!this.#started || !record.enabled) return;
    const poller = new QueuePoller(this.#functions, record);
    this.#pollers.set(record.uuid, poller);
    poller.start();
  }

  #retirePoller(id: string): void {
    const poller = this.#pollers.get(id);
    if (poller === undefined) return;
    this.#pollers.delete(id);
    this.#retired.add(poller);
    void poller.retire().finally(() => this.#retired.delete(poller));
  }

  /**
   * What AWS checks when a mapping is made: the queue is there, the function's role may read it, and its visibility
   * timeout is no shorter than the function's timeout.
   */
  async #checkQueue(target: FunctionRecord, queueArn: string): Promise<void> {
    const { account, api, ports } = this.#functions.context;
    const principal = this.#functions.factory.assumeRole(target);
    let attributes: Record<string, string>;
    try {
      const input = { QueueUrl: queueUrlOf(account, queueArn), AttributeNames: ['All'] };
      ({ Attributes: attributes } = await api.call<{ Attributes: Record<string, string> }>(
        principal,
        'sqs',
        'GetQueueAttributes',
        input,
      ));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      if (error.code === 'QueueDoesNotExist') {
        throw invalidParameter(
          'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
        );
      }
      throw noPermission('GetQueueAttributes', error);
    }
    const resourcePolicy =
      attributes.Policy === undefined ? undefined : (JSON.parse(attributes.Policy) as PolicyDocument);
    for (const action of ['ReceiveMessage', 'DeleteMessage']) {
      try {
        const permission = { action: `sqs:${action}`, resource: queueArn, resourcePolicy };
        ports.get('authorizer').authorize(principal, permission, { sourceIp: '127.0.0.1', secure: true });
      } catch (error) {
        throw noPermission(action, error);
      }
    }
    if (Number(attributes.VisibilityTimeout) < target.timeout) {
      throw invalidParameter(
        `Queue visibility timeout: ${attributes.VisibilityTimeout} seconds is less than Function timeout: ${target.timeout} seconds`,
      );
    }
  }
}

function noPermission(action: string, error: unknown): AwsError {
  const detail = error instanceof AwsError ? ` (${error.message})` : '';
  return invalidParameter(`The provided execution role does not have permissions to call ${action} on SQS${detail}`);
}
