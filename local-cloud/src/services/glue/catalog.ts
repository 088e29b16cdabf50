import { arn } from '../../core/account.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { alreadyExists, entityNotFound } from './errors.ts';
import type { PartitionSettings, TableSettings } from './read-input.ts';
import type { DatabaseRecord, PartitionRecord, TableRecord } from './records.ts';

/** The Data Catalog of the account: databases, tables and partitions. Names are compared without case. */
export class Catalog {
  readonly context: CloudContext;
  readonly #databases: Collection<DatabaseRecord>;
  readonly #tables: Collection<TableRecord>;
  readonly #partitions: Collection<PartitionRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#databases = context.store.collection('glue/databases');
    this.#tables = context.store.collection('glue/tables');
    this.#partitions = context.store.collection('glue/partitions');
  }

  get arn(): string {
    return arn(this.context.account, 'glue', 'catalog');
  }

  databaseArn(name: string): string {
    return arn(this.context.account, 'glue', `database/${name.toLowerCase()}`);
  }

  tableArn(database: string, name: string): string {
    return arn(this.context.account, 'glue', `table/${database.toLowerCase()}/${name.toLowerCase()}`);
  }

  databases(): DatabaseRecord[] {
    return [...this.#databases.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findDatabase(name: string | undefined): DatabaseRecord | undefined {
    return this.#databases.get((name ?? '').toLowerCase());
  }

  /** @throws AwsError `EntityNotFoundException` */
  database(name: string | undefined): DatabaseRecord {
    const found = this.findDatabase(name);
    if (found === undefined) throw entityNotFound(`Database ${name} not found.`);
    return found;
  }

  /** @throws AwsError `AlreadyExistsException` */
  async createDatabase(settings: Omit<DatabaseRecord, 'createdAt'>): Promise<DatabaseRecord> {
    if (this.#databases.has(settings.name)) throw alreadyExists('Database');
    return this.#saveDatabase({ ...settings, createdAt: this.context.clock.now() });
  }

  async updateDatabase(current: DatabaseRecord, settings: Omit<DatabaseRecord, 'createdAt'>): Promise<void> {
    await this.#saveDatabase({ ...settings, name: current.name, createdAt: current.createdAt });
  }

  /** With all its tables ("DeleteDatabase": tables and partitions become inaccessible and are removed). */
  async deleteDatabase(database: DatabaseRecord): Promise<void> {
    for (const table of this.tables(database.name)) this.#dropTable(table);
    this.#databases.delete(database.name);
    await this.context.store.durable();
  }

  /** In order of name. */
  tables(database: string): TableRecord[] {
    const prefix = `${database.toLowerCase()}/`;
    return [...this.#tables.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, table]) => table)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findTable(database: string | undefined, name: string | undefined): TableRecord | undefined {
    return this.#tables.get(tableKey(database ?? '', name ?? ''));
  }

  /** @throws AwsError `EntityNotFoundException` */
  table(database: string | undefined, name: string | undefined): TableRecord {
    this.database(database);
    const found = this.findTable(database, name);
    if (found === undefined) throw entityNotFound(`Table ${name} not found.`);
    return found;
  }

  /** @throws AwsError `AlreadyExistsException`, `EntityNotFoundException` */
  async createTable(database: string | undefined, settings: TableSettings, createdBy: string): Promise<TableRecord> {
    const { name } = this.database(database);
    if (this.findTable(name, settings.name) !== undefined) throw alreadyExists('Table');
    const now = this.context.clock.now();
    return this.#saveTable({ ...settings, database: name, createdBy, createdAt: now, updatedAt: now, version: 0 });
  }

  async updateTable(current: TableRecord, settings: TableSettings): Promise<TableRecord> {
    return this.#saveTable({
      ...settings,
      name: current.name,
      database: current.database,
      createdBy: current.createdBy,
      createdAt: current.createdAt,
      updatedAt: this.context.clock.now(),
      version: current.version + 1,
    });
  }

  async deleteTable(table: TableRecord): Promise<void> {
    this.#dropTable(table);
    await this.context.store.durable();
  }

  /** In order of their values. */
  partitions(table: TableRecord): PartitionRecord[] {
    const prefix = `${tableKey(table.database, table.name)}/`;
    return [...this.#partitions.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, partition]) => partition);
  }

  findPartition(table: TableRecord, values: readonly string[]): PartitionRecord | undefined {
    return this.#partitions.get(partitionKey(table, values));
  }

  /** @throws AwsError `AlreadyExistsException` */
  async createPartition(table: TableRecord, settings: PartitionSettings): Promise<PartitionRecord> {
    if (this.findPartition(table, settings.values) !== undefined) throw alreadyExists('Partition');
    const { database, name } = table;
    return this.#savePartition(table, {
      ...settings,
      database,
      table: name,
      createdAt: this.context.clock.now(),
    });
  }

  /** @throws AwsError `AlreadyExistsException` when the new values are another partition's */
  async updatePartition(
    table: TableRecord,
    current: PartitionRecord,
    settings: PartitionSettings,
  ): Promise<PartitionRecord> {
    const moved = partitionKey(table, current.values) !== partitionKey(table, settings.values);
    if (moved && this.findPartition(table, settings.values) !== undefined) throw alreadyExists('Partition');
    this.#partitions.delete(partitionKey(table, current.values));
    const { database, table: name, createdAt } = current;
    return this.#savePartition(table, { ...settings, database, table: name, createdAt });
  }

  async deletePartition(table: TableRecord, partition: PartitionRecord): Promise<void> {
    this.#partitions.delete(partitionKey(table, partition.values));
    await this.context.store.durable();
  }

  #dropTable(table: TableRecord): void {
    for (const { values } of this.partitions(table)) this.#partitions.delete(partitionKey(table, values));
    this.#tables.delete(tableKey(table.database, table.name));
  }

  async #saveDatabase(record: DatabaseRecord): Promise<DatabaseRecord> {
    this.#databases.put(record.name, record);
    await this.context.store.durable();
    return record;
  }

  async #saveTable(record: TableRecord): Promise<TableRecord> {
    this.#tables.put(tableKey(record.database, record.name), record);
    await this.context.store.durable();
    return record;
  }

  async #savePartition(table: TableRecord, record: PartitionRecord): Promise<PartitionRecord> {
    this.#partitions.put(partitionKey(table, record.values), record);
    await this.context.store.durable();
    return record;
  }
}

function tableKey(database: string, name: string): string {
  return `${database.toLowerCase()}/${name.toLowerCase()}`;
}

function partitionKey(table: TableRecord, values: readonly string[]): string {
  return `${tableKey(table.database, table.name)}/${JSON.stringify(values)}`;
}
