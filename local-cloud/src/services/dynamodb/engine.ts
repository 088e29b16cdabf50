import { mkdirSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import db, { type DynaliteError, type Store, type StoredIndex, type StoredTable } from 'dynalite/db/index.js';
import validations from 'dynalite/validations/index.js';
import type { Account } from '../../core/account.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { DYNALITE_OPERATIONS, type DynaliteOperation } from './dynalite-operations.ts';

/** A request or answer as the JSON protocol carries it: binary values in base64, times in seconds. */
export type Json = Record<string, unknown>;

/**
 * The kept library behind the tables: dynalite on LevelDB, in this process.
 *
 * INVARIANTS
 * - A write is answered when LevelDB's log is synced to disk; concurrent writes share a sync.
 * - A member that dynalite does not know is refused by name: dynalite itself would drop it.
 * - dynalite stamps tables with the machine's clock, whatever clock the cloud runs on.
 */
export class Engine {
  readonly #store: Store;
  #syncing: Promise<void> | undefined;
  #nextSync: Promise<void> | undefined;

  constructor(directory: string, account: Account) {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#store = db.create({ path: directory, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
    this.#store.tableDb.awsAccountId = account.accountId;
    this.#store.tableDb.awsRegion = account.region;
  }

  /** Checks a request against the API's rules and answers it in the form that dynalite works on. @throws AwsError */
  validated(operation: DynaliteOperation, request: Json): Json {
    const { rules } = DYNALITE_OPERATIONS[operation];
    for (const [member, value] of Object.entries(request)) {
      if (!Object.hasOwn(rules.types, member) && value !== undefined && value !== null) {
        throw new NotImplementedError(`DynamoDB ${operation} ${member}`);
      }
    }
    try {
      const data = validations.checkTypes({ ...request }, rules.types);
      validations.checkValidations(data, rules.types, rules.custom, this.#store);
      return data;
    } catch (error) {
      throw asAwsError(error as DynaliteError);
    }
  }

  /** @throws AwsError */
  async run(operation: DynaliteOperation, request: Json): Promise<Json> {
    const data = this.validated(operation, request);
    const { act, writes } = DYNALITE_OPERATIONS[operation];
    const answer = await answered<Json>((callback) => act(this.#store, data, callback));
    if (writes) await this.sync();
    return answer;
  }

  /** @throws AwsError `ResourceNotFoundException` */
  async table(name: string): Promise<StoredTable> {
    return answered<StoredTable>((callback) => this.#store.getTable(name, true, callback));
  }

  /** The item under a key, or undefined. @throws AwsError `ValidationException` for a key that is not the table's */
  async item(table: StoredTable, key: Json): Promise<Json | undefined> {
    const invalid = db.validateKey(key, table);
    if (invalid) throw asAwsError(invalid);
    const itemDb = this.#store.getItemDb(table.TableName);
    return (await answered<unknown>((callback) => itemDb.get(db.createKey(key, table), callback))) as Json | undefined;
  }

  /** Text that two requests share exactly when they mean the same item. */
  itemIdentity(table: StoredTable, item: Json): string {
    const invalid = db.validateItem(item, table);
    if (invalid) throw asAwsError(invalid);
    return `${table.TableName}/${db.createKey(item, table)}`;
  }

  /** Size of an item in bytes, names and values, as DynamoDB counts it. */
  itemBytes(item: Json): number {
    return db.itemSize(item);
  }

  /** Whether a validated request's condition holds for the item as it is. */
  conditionHolds(data: Json, existing: Json | undefined): boolean {
    return !db.checkConditional(data, existing);
  }

  /** Waits until a table has left CREATING, UPDATING or DELETING. Undefined when it is gone. */
  async settled(name: string): Promise<StoredTable | undefined> {
    for (;;) {
      const table = (await answered<unknown>((callback) => this.#store.tableDb.get(name, callback))) as
        | StoredTable
        | undefined;
      if (table === undefined || table.TableStatus === 'ACTIVE') return table;
      await nextTurn();
    }
  }

  /** Ends a change of a table that a crash interrupted. Undefined when the table is or was about to be gone. */
  async recover(name: string, globalIndexes: readonly string[]): Promise<StoredTable | undefined> {
    const { tableDb } = this.#store;
    const table = (await answered<unknown>((callback) => tableDb.get(name, callback))) as StoredTable | undefined;
    if (table === undefined || table.TableStatus === 'ACTIVE') return table;
    if (table.TableStatus === 'DELETING') {
      // The first attempt has already forgotten which global indexes there were.
      for (const index of globalIndexes) await this.clearIndex(name, index);
      await this.run('DeleteTable', { TableName: name });
      await this.settled(name);
      return undefined;
    }
    table.TableStatus = 'ACTIVE';
    for (const index of table.GlobalSecondaryIndexes ?? []) index.IndexStatus = 'ACTIVE';
    await this.saveTable(table);
    return table;
  }

  /** Replaces the definition of a table. Its items and index rows stay as they are. */
  async saveTable(table: StoredTable): Promise<void> {
    await answered<void>((callback) => this.#store.tableDb.put(table.TableName, table, callback));
    await this.sync();
  }

  /** Writes the rows that items make in a new global index. Items whose key attributes have other types make none. */
  async fillIndex(table: StoredTable, index: StoredIndex, items: readonly Json[]): Promise<void> {
    const types = new Map(table.AttributeDefinitions.map((one) => [one.AttributeName, one.AttributeType]));
    const fits = (item: Json) =>
      index.KeySchema.every(
        ({ AttributeName: name }) => (item[name] as Json | undefined)?.[types.get(name) ?? ''] !== undefined,
      );
    const rows = items
      .filter(fits)
      .flatMap((item) => db.getIndexActions([index], null, item, table).puts)
      .map(({ key, item }) => ({ type: 'put' as const, key, value: item }));
    const indexDb = this.#store.getIndexDb('global', table.TableName, index.IndexName);
    await answered<void>((callback) => indexDb.batch(rows, callback));
  }

  async clearIndex(table: string, index: string): Promise<void> {
    await answered<void>((callback) => this.#store.deleteIndexDb('global', table, index, callback));
  }

  async open(): Promise<void> {
    await this.#store.db.open();
  }

  async close(): Promise<void> {
    await this.#store.db.close();
  }

  /** Resolves when everything written so far is on disk. */
  sync(): Promise<void> {
    if (this.#nextSync !== undefined) return this.#nextSync;
    const start = (): Promise<void> => {
      this.#nextSync = undefined;
      // LevelDB syncs its whole log with any synced write. dynalite's own `put` takes no options, the class's does.
      const { db: level } = this.#store;
      const running = Object.getPrototypeOf(level).put.call(level, '!synced', 0, { sync: true }) as Promise<void>;
      this.#syncing = running;
      const done = () => {
        if (this.#syncing === running) this.#syncing = undefined;
      };
      running.then(done, done);
      return running;
    };
    if (this.#syncing === undefined) return start();
    this.#nextSync = this.#syncing.then(start, start);
    return this.#nextSync;
  }
}

function answered<T>(
  ask: (callback: (error: DynaliteError | null | undefined, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    ask((error, result) => {
      if (error) reject(asAwsError(error));
      else resolve(result as T);
    });
  });
}

function asAwsError(error: DynaliteError): AwsError {
  if (error.statusCode === undefined || error.body === undefined) {
    return new AwsError('InternalServerError', 'The request processing has failed because of an unknown error.', 500, {
      cause: error,
    });
  }
  const { __type: type, message, Message } = error.body;
  return new AwsError(type.slice(type.indexOf('#') + 1), message ?? Message ?? '', error.statusCode);
}
