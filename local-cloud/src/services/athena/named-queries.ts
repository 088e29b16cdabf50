import type { CreateNamedQueryInput, NamedQuery } from '@aws-sdk/client-athena';
import { uuid } from '../../core/entropy.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { invalidRequest } from './errors.ts';
import { MAX_QUERY_BYTES } from './limits.ts';
import { PRIMARY, type WorkGroups } from './workgroups.ts';

export interface NamedQueryRecord {
  readonly id: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly database: string;
  readonly query: string;
  readonly workGroup: string;
  readonly token?: string | undefined;
}

/** Saved queries; they are kept as text and are not checked, as on AWS. */
export class NamedQueries {
  readonly #context: CloudContext;
  readonly #groups: WorkGroups;
  readonly #records: Collection<NamedQueryRecord>;

  constructor(context: CloudContext, groups: WorkGroups) {
    this.#context = context;
    this.#groups = groups;
    this.#records = context.store.collection('athena/named-queries');
  }

  async create(input: CreateNamedQueryInput): Promise<NamedQueryRecord> {
    const { Database: database, Name: name, QueryString: query } = input;
    if (!name || !database || !query) throw invalidRequest('Name, Database and QueryString must not be empty');
    if (name.length > 128 || database.length > 255 || Buffer.byteLength(query) > MAX_QUERY_BYTES) {
      throw invalidRequest('Name, Database or QueryString is too long');
    }
    const token = input.ClientRequestToken;
    const known =
      token === undefined ? undefined : [...this.#records.values()].find((record) => record.token === token);
    if (known !== undefined) return known;
    const workGroup = this.#groups.require(input.WorkGroup ?? PRIMARY).name;
    const id = uuid(this.#context.entropy);
    const record = { id, name, description: input.Description, database, query, workGroup, token };
    this.#records.put(id, record);
    await this.#context.store.durable();
    return record;
  }

  find(id: string | undefined): NamedQueryRecord | undefined {
    return this.#records.get(id ?? '');
  }

  /** @throws AwsError `InvalidRequestException` */
  require(id: string | undefined): NamedQueryRecord {
    const found = this.find(id);
    if (found === undefined) throw invalidRequest('NamedQuery is not found');
    return found;
  }

  of(workGroup: string): NamedQueryRecord[] {
    return [...this.#records.values()].filter((record) => record.workGroup === workGroup);
  }

  async delete(id: string): Promise<void> {
    this.#records.delete(id);
    await this.#context.store.durable();
  }
}

export function wireNamedQuery(record: NamedQueryRecord): NamedQuery {
  return {
    NamedQueryId: record.id,
    Name: record.name,
    Description: record.description,
    Database: record.database,
    QueryString: record.query,
    WorkGroup: record.workGroup,
  };
}
