import { join } from 'node:path';
import type {
  CreateDatabaseRequest,
  CreateTableRequest,
  Database,
  Table,
  UpdateTableRequest,
} from '@aws-sdk/client-timestream-write';
import { NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { Catalog } from './catalog/catalog.ts';
import {
  type DatabaseDefinition,
  magneticStoreStart,
  retentionProperties,
  type TableDefinition,
} from './catalog/definitions.ts';
import {
  DEFAULT_PARTITION_KEY,
  DEFAULT_RETENTION,
  readMagneticWrites,
  readPartitionKey,
  readPartitionKeyUpdate,
  readRetention,
} from './catalog/table-settings.ts';
import { checkTags, Tags } from './catalog/tags.ts';
import { IngestQueue } from './ingest/ingest-queue.ts';
import { QueryService } from './query/query-service.ts';
import { StorageEngine } from './storage/engine.ts';
import { RetentionSweeper } from './storage/retention-sweeper.ts';

/** The parts of the service that its operations and its CloudFormation resources share. */
export class Timestream {
  readonly context: CloudContext;
  readonly catalog: Catalog;
  readonly tags: Tags;
  readonly engine: StorageEngine;
  readonly queue: IngestQueue;
  readonly queries: QueryService;
  readonly sweeper: RetentionSweeper;

  constructor(context: CloudContext) {
    this.context = context;
    this.catalog = new Catalog(context.store, context.account, context.clock);
    this.tags = new Tags(context.store);
    const tableIds = () => this.catalog.tables().map(({ id }) => id);
    this.engine = new StorageEngine(join(context.dataDirectory, 'timestream'), tableIds);
    this.queue = new IngestQueue(this.engine, (id) => tableIds().includes(id));
    this.queries = new QueryService(context, this.catalog, this.queue, this.engine);
    this.sweeper = new RetentionSweeper(
      this.engine,
      context.clock,
      context.log,
      () => this.catalog.tables(),
      (id) => this.queue.forgetRows(id),
    );
  }

  /**
   * Keys of AWS KMS are not run locally; a database that asks for one is refused rather than stored without it.
   * @throws AwsError
   */
  async createDatabase(input: CreateDatabaseRequest): Promise<DatabaseDefinition> {
    if (input.KmsKeyId !== undefined) throw new NotImplementedError('Timestream: KmsKeyId of a database');
    const tags = checkTags(input.Tags ?? []);
    const created = this.catalog.createDatabase(input.DatabaseName as string);
    if (tags.length > 0) this.tags.add(this.catalog.databaseArn(created.name), tags);
    await this.context.store.durable();
    return created;
  }

  /** @throws AwsError */
  async deleteDatabase(name: string): Promise<void> {
    this.catalog.deleteDatabase(name);
    this.tags.forget(this.catalog.databaseArn(name));
    await this.context.store.durable();
  }

  /** @throws AwsError */
  async createTable(input: CreateTableRequest): Promise<TableDefinition> {
    const tags = checkTags(input.Tags ?? []);
    const created = this.catalog.createTable(input.DatabaseName as string, input.TableName as string, {
      retention: input.RetentionProperties === undefined ? DEFAULT_RETENTION : readRetention(input.RetentionProperties),
      magneticWrites:
        input.MagneticStoreWriteProperties === undefined
          ? { EnableMagneticStoreWrites: false }
          : readMagneticWrites(input.MagneticStoreWriteProperties),
      partitionKey: input.Schema === undefined ? DEFAULT_PARTITION_KEY : readPartitionKey(input.Schema),
    });
    if (tags.length > 0) this.tags.add(this.catalog.tableArn(created.database, created.name), tags);
    await this.context.store.durable();
    return created;
  }

  /** What the input does not name stays as it is. @throws AwsError */
  async updateTable(input: UpdateTableRequest): Promise<TableDefinition> {
    const current = this.catalog.table(input.DatabaseName as string, input.TableName as string);
    const updated = this.catalog.updateTable(current.database, current.name, {
      ...(input.RetentionProperties === undefined ? {} : { retention: readRetention(input.RetentionProperties) }),
      ...(input.MagneticStoreWriteProperties === undefined
        ? {}
        : { magneticWrites: readMagneticWrites(input.MagneticStoreWriteProperties) }),
      ...(input.Schema === undefined
        ? {}
        : { partitionKey: readPartitionKeyUpdate(input.Schema, current.partitionKey) }),
    });
    await this.context.store.durable();
    // Rows beyond a shortened retention shall not come back when it is lengthened again.
    if (this.#keepsFrom(updated) > this.#keepsFrom(current)) await this.sweeper.sweep(updated);
    return updated;
  }

  /** @throws AwsError */
  async deleteTable(database: string, name: string): Promise<void> {
    const { id } = this.catalog.deleteTable(database, name);
    this.tags.forget(this.catalog.tableArn(database, name));
    await this.context.store.durable();
    await this.engine.dropTable(id);
    this.queue.forget(id);
  }

  describeDatabase(database: DatabaseDefinition): Database {
    return {
      Arn: this.catalog.databaseArn(database.name),
      DatabaseName: database.name,
      TableCount: this.catalog.tables(database.name).length,
      CreationTime: new Date(database.createdAt),
      LastUpdatedTime: new Date(database.updatedAt),
    };
  }

  describeTable(table: TableDefinition): Table {
    return {
      Arn: this.catalog.tableArn(table.database, table.name),
      TableName: table.name,
      DatabaseName: table.database,
      TableStatus: 'ACTIVE',
      RetentionProperties: retentionProperties(table.retention),
      CreationTime: new Date(table.createdAt),
      LastUpdatedTime: new Date(table.updatedAt),
      MagneticStoreWriteProperties: table.magneticWrites,
      Schema: { CompositePartitionKey: [...table.partitionKey] },
    };
  }

  #keepsFrom(table: TableDefinition): number {
    return magneticStoreStart(table.retention, this.context.clock.now());
  }
}
