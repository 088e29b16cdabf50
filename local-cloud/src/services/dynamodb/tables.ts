import { arn, parseArn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import type { Json } from './engine.ts';

export interface KeyNames {
  readonly hash: string;
  readonly range?: string | undefined;
}

/** What is kept of a table besides what dynalite keeps. */
export interface TableRecord {
  readonly name: string;
  readonly keys: KeyNames;
  indexes: Record<string, KeyNames>;
  globalIndexes: string[];
  localIndexes: string[];
  tags: Record<string, string>;
  deletionProtection: boolean;
  /** Server-side encryption by the AWS managed key was asked for; it is recorded, the files are not encrypted. */
  managedKey: boolean;
  timeToLive?: { readonly attribute: string } | undefined;
  /** Recorded; there is nothing to restore to. */
  pointInTimeRecovery?: { readonly days: number; readonly since: number } | undefined;
}

export class Tables {
  readonly context: CloudContext;
  readonly #records: Collection<TableRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('dynamodb/tables');
  }

  /** In order of name. */
  all(): TableRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): TableRecord | undefined {
    return this.#records.get(name);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(name: string): TableRecord {
    const record = this.#records.get(name);
    if (record === undefined) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found: Table: ${name} not found`);
    }
    return record;
  }

  async save(record: TableRecord): Promise<void> {
    this.#records.put(record.name, record);
    await this.context.store.durable();
  }

  async remove(name: string): Promise<void> {
    this.#records.delete(name);
    await this.context.store.durable();
  }

  arn(name: string): string {
    return arn(this.context.account, 'dynamodb', `table/${name}`);
  }

  /** A table may be named by its ARN. @throws AwsError `ResourceNotFoundException` for one of another account or region */
  nameOf(nameOrArn: string): string {
    const parsed = parseArn(nameOrArn);
    if (parsed === undefined) return nameOrArn;
    const { accountId, region } = this.context.account;
    const [kind, name] = parsed.resource.split('/');
    if (
      parsed.service !== 'dynamodb' ||
      parsed.accountId !== accountId ||
      parsed.region !== region ||
      kind !== 'table'
    ) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found: ${nameOrArn}`);
    }
    return name ?? '';
  }
}

export function keyNames(schema: readonly { AttributeName?: string; KeyType?: string }[]): KeyNames {
  const named = (type: string) => schema.find((one) => one.KeyType === type)?.AttributeName;
  return { hash: named('HASH') ?? '', range: named('RANGE') };
}

/** What is kept of the indexes in a CreateTable request. */
export function indexesOf(request: Json): Pick<TableRecord, 'indexes' | 'globalIndexes' | 'localIndexes'> {
  const listed = (member: string) => (Array.isArray(request[member]) ? (request[member] as Json[]) : []);
  const names = (indexes: readonly Json[]) => indexes.map((index) => String(index.IndexName));
  const global = listed('GlobalSecondaryIndexes');
  const local = listed('LocalSecondaryIndexes');
  return {
    indexes: Object.fromEntries(
      [...global, ...local].map((index) => [
        String(index.IndexName),
        keyNames((index.KeySchema ?? []) as { AttributeName?: string; KeyType?: string }[]),
      ]),
    ),
    globalIndexes: names(global),
    localIndexes: names(local),
  };
}
