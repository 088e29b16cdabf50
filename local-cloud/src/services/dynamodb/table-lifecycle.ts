import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { Engine, Json } from './engine.ts';
import type { Gate } from './gate.ts';
import { applyIndexChange, readIndexChange } from './index-change.ts';
import { isTrue, readEncryption, readStream, readTableClass, readTags } from './table-settings.ts';
import { indexesOf, keyNames, type TableRecord, type Tables } from './tables.ts';

const INDEX_CHANGE_MEMBERS = new Set(['TableName', 'AttributeDefinitions', 'GlobalSecondaryIndexUpdates']);
const INDEX_MEMBERS = new Set(['IndexName', 'KeySchema', 'Projection', 'ProvisionedThroughput']);

/** Making, changing and removing tables: dynalite's part and the record's part together. */
export class TableLifecycle {
  readonly #tables: Tables;
  readonly #engine: Engine;
  readonly #gate: Gate;

  constructor(tables: Tables, engine: Engine, gate: Gate) {
    this.#tables = tables;
    this.#engine = engine;
    this.#gate = gate;
  }

  /** @throws AwsError */
  async create(request: Json): Promise<Json> {
    const {
      SSESpecification: encryption,
      TableClass: tableClass,
      StreamSpecification: stream,
      DeletionProtectionEnabled: protection,
      Tags: tags,
      ...core
    } = request;
    readTableClass(tableClass);
    readStream(stream);
    for (const member of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
      for (const index of (core[member] ?? []) as Json[]) {
        const unknown = Object.keys(index).find((name) => !INDEX_MEMBERS.has(name));
        if (unknown !== undefined) throw new NotImplementedError(`CreateTable ${member} ${unknown}`);
      }
    }
    const settings = { tags: readTags(tags), managedKey: readEncryption(encryption) };
    this.#engine.validated('CreateTable', core);
    const name = String(core.TableName);
    if (this.#tables.find(name) !== undefined) {
      throw new AwsError('ResourceInUseException', `Table already exists: ${name}`);
    }
    const record: TableRecord = {
      name,
      keys: keyNames(core.KeySchema as { AttributeName?: string; KeyType?: string }[]),
      ...indexesOf(core),
      ...settings,
      deletionProtection: isTrue(protection),
    };
    await this.#tables.save(record);
    try {
      const { TableDescription: description } = await this.#engine.run('CreateTable', core);
      await this.#engine.settled(name);
      await this.#engine.sync();
      // The answer says CREATING, as on AWS; the table is ready when it arrives.
      return { TableDescription: { ...described(description as Json, record), TableStatus: 'CREATING' } };
    } catch (error) {
      await this.#tables.remove(name);
      throw error;
    }
  }

  async describe(name: string): Promise<Json> {
    const { Table: table } = await this.#engine.run('DescribeTable', { TableName: name });
    const record = this.#tables.find(name);
    return { Table: record === undefined ? table : described(table as Json, record) };
  }

  async update(name: string, request: Json): Promise<Json> {
    const record = this.#tables.require(name);
    const {
      SSESpecification: encryption,
      TableClass: tableClass,
      StreamSpecification: stream,
      DeletionProtectionEnabled: protection,
      AttributeDefinitions: attributes,
      GlobalSecondaryIndexUpdates: indexUpdates,
      ...core
    } = request;
    readTableClass(tableClass);
    readStream(stream);
    const change = readIndexChange(indexUpdates);
    if (change !== undefined) {
      const unrelated = Object.keys(request).find((member) => !INDEX_CHANGE_MEMBERS.has(member));
      if (unrelated !== undefined)
        throw new NotImplementedError(`UpdateTable ${unrelated} along with a change of indexes`);
      await this.#gate.exclusive(() => applyIndexChange(this.#engine, record, change, attributes));
      await this.#tables.save(record);
      const { Table: changed } = await this.describe(name);
      return { TableDescription: changed };
    }
    const managedKey = encryption === undefined ? record.managedKey : readEncryption(encryption);
    if (attributes !== undefined) {
      const table = await this.#engine.table(name);
      if (JSON.stringify(attributes) !== JSON.stringify(table.AttributeDefinitions)) {
        throw new NotImplementedError('UpdateTable AttributeDefinitions');
      }
    }
    const ownOnly = encryption !== undefined || protection !== undefined || tableClass !== undefined;
    if (!ownOnly || Object.keys(core).some((member) => member !== 'TableName') || indexUpdates !== undefined) {
      await this.#engine.run('UpdateTable', {
        ...core,
        TableName: name,
        ...(indexUpdates === undefined ? {} : { GlobalSecondaryIndexUpdates: indexUpdates }),
      });
      await this.#engine.settled(name);
      await this.#engine.sync();
    }
    if (protection !== undefined) record.deletionProtection = isTrue(protection);
    record.managedKey = managedKey;
    await this.#tables.save(record);
    const { Table: table } = await this.describe(name);
    return { TableDescription: table };
  }

  /** @throws AwsError `ValidationException` for a protected table */
  async delete(name: string): Promise<Json> {
    if (this.#tables.find(name)?.deletionProtection === true) {
      throw new AwsError(
        'ValidationException',
        'Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first.',
      );
    }
    return this.#gate.exclusive(async () => {
      const record = this.#tables.find(name);
      const answer = await this.#engine.run('DeleteTable', { TableName: name });
      const description = answer.TableDescription as Json;
      await this.#engine.settled(name);
      await this.#engine.sync();
      await this.#tables.remove(name);
      return { TableDescription: record === undefined ? description : described(description, record) };
    });
  }

  /** After a crash: a record without a table is dropped, and a table in between is made whole. */
  async recover(): Promise<void> {
    for (const record of this.#tables.all()) {
      const table = await this.#engine.recover(record.name, record.globalIndexes);
      if (table === undefined) await this.#tables.remove(record.name);
    }
  }
}

function described(table: Json, record: TableRecord): Json {
  return {
    ...table,
    DeletionProtectionEnabled: record.deletionProtection,
    ...(record.managedKey ? { SSEDescription: { Status: 'ENABLED', SSEType: 'KMS' } } : {}),
  };
}
