import type { PartitionKey } from '@aws-sdk/client-timestream-write';
import { type Account, arn } from '../../../core/account.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Collection, Store } from '../../../core/store.ts';
import { Constraints } from '../constraints.ts';
import { conflict, quotaExceeded, resourceNotFound, validationError } from '../faults.ts';
import { MAX_DATABASES, MAX_RESOURCE_NAME_BYTES, MAX_TABLES, MIN_RESOURCE_NAME_LENGTH } from '../limits.ts';
import type { DatabaseDefinition, Retention, TableDefinition } from './definitions.ts';

/** What can be changed of a table. */
export interface TableSettings {
  readonly retention: Retention;
  readonly magneticWrites: TableDefinition['magneticWrites'];
  readonly partitionKey: readonly PartitionKey[];
}

/** Databases and tables of the account. Rows live in the storage engine, under the table's `id`. */
export class Catalog {
  readonly #databases: Collection<DatabaseDefinition>;
  readonly #tables: Collection<TableDefinition>;
  readonly #counters: Collection<number>;
  readonly #account: Account;
  readonly #clock: Clock;

  constructor(store: Store, account: Account, clock: Clock) {
    this.#databases = store.collection('timestream.databases');
    this.#tables = store.collection('timestream.tables');
    this.#counters = store.collection('timestream.counters');
    this.#account = account;
    this.#clock = clock;
  }

  databaseArn(database: string): string {
    return arn(this.#account, 'timestream', `database/${database}`);
  }

  tableArn(database: string, table: string): string {
    return arn(this.#account, 'timestream', `database/${database}/table/${table}`);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  database(name: string): DatabaseDefinition {
    const found = this.#databases.get(name);
    if (found === undefined) throw resourceNotFound(`The database ${name}`);
    return found;
  }

  /** @throws AwsError `ResourceNotFoundException` */
  table(database: string, name: string): TableDefinition {
    const found = this.#tables.get(tableKey(database, name));
    if (found === undefined) throw resourceNotFound(`The table ${name}`);
    return found;
  }

  findDatabase(name: string): DatabaseDefinition | undefined {
    return this.#databases.get(name);
  }

  findTable(database: string, name: string): TableDefinition | undefined {
    return this.#tables.get(tableKey(database, name));
  }

  /** In order of name. */
  databases(): DatabaseDefinition[] {
    return [...this.#databases.values()].sort(byName);
  }

  /** In order of database and name; of one database when it is given. */
  tables(database?: string): TableDefinition[] {
    return [...this.#tables.values()]
      .filter((table) => database === undefined || table.database === database)
      .sort((left, right) => compare(left.database, right.database) || byName(left, right));
  }

  /** @throws AwsError `ValidationException`, `ConflictException`, `ServiceQuotaExceededException` */
  createDatabase(name: string): DatabaseDefinition {
    checkName(name, 'databaseName');
    if (this.#databases.has(name)) throw conflict(`The database ${name} already exists.`);
    if (this.#databases.size >= MAX_DATABASES) throw quotaExceeded(`An account can have ${MAX_DATABASES} databases.`);
    const now = this.#clock.now();
    const created: DatabaseDefinition = { name, createdAt: now, updatedAt: now };
    this.#databases.put(name, created);
    return created;
  }

  /** @throws AwsError `ResourceNotFoundException`, `ValidationException` while the database has tables */
  deleteDatabase(name: string): void {
    this.database(name);
    if (this.tables(name).length > 0) {
      throw validationError(`The database ${name} can't be deleted because it is not empty. Delete its tables first.`);
    }
    this.#databases.delete(name);
  }

  /** @throws AwsError `ValidationException`, `ConflictException`, `ResourceNotFoundException`, `ServiceQuotaExceededException` */
  createTable(database: string, name: string, settings: TableSettings): TableDefinition {
    checkName(name, 'tableName');
    this.database(database);
    if (this.findTable(database, name) !== undefined) throw conflict(`The table ${name} already exists.`);
    if (this.#tables.size >= MAX_TABLES) throw quotaExceeded(`An account can have ${MAX_TABLES} tables.`);
    const id = (this.#counters.get('table') ?? 0) + 1;
    this.#counters.put('table', id);
    const now = this.#clock.now();
    const created: TableDefinition = { id, database, name, ...settings, createdAt: now, updatedAt: now };
    this.#tables.put(tableKey(database, name), created);
    return created;
  }

  /** @throws AwsError `ResourceNotFoundException` */
  updateTable(database: string, name: string, settings: Partial<TableSettings>): TableDefinition {
    const updated = { ...this.table(database, name), ...settings, updatedAt: this.#clock.now() };
    this.#tables.put(tableKey(database, name), updated);
    return updated;
  }

  /** @throws AwsError `ResourceNotFoundException` */
  deleteTable(database: string, name: string): TableDefinition {
    const table = this.table(database, name);
    this.#tables.delete(tableKey(database, name));
    return table;
  }
}

/** Names hold no slash, so the key is unambiguous. */
function tableKey(database: string, name: string): string {
  return `${database}/${name}`;
}

/** @throws AwsError `ValidationException` */
export function checkName(name: string | undefined, path: string): void {
  const constraints = new Constraints();
  if (constraints.required(name, path)) {
    constraints.length(name, path, MIN_RESOURCE_NAME_LENGTH, MAX_RESOURCE_NAME_BYTES);
    constraints.pattern(name, path, /^[a-zA-Z0-9_.-]+$/);
  }
  constraints.check();
}

function byName(left: { name: string }, right: { name: string }): number {
  return compare(left.name, right.name);
}

/** By UTF-16 code unit: names are compared in binary (developer guide, "Naming constraints"). */
function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
