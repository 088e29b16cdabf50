/** What is used of dynalite 4.0.0, which ships no types. */

declare module 'dynalite/db/index.js' {
  export interface DynaliteError extends Error {
    readonly statusCode?: number;
    readonly body?: { readonly __type: string; readonly message?: string; readonly Message?: string };
  }

  export type Callback<T> = (error: DynaliteError | null | undefined, result?: T) => void;

  export interface SubDatabase {
    get(key: string, callback: Callback<unknown>): void;
    put(key: string, value: unknown, callback: Callback<void>): void;
    del(key: string, callback: Callback<void>): void;
    batch(operations: readonly { type: 'put' | 'del'; key: string; value?: unknown }[], callback: Callback<void>): void;
  }

  export interface StoredIndex {
    IndexName: string;
    IndexArn?: string;
    IndexStatus?: string;
    IndexSizeBytes?: number;
    ItemCount?: number;
    KeySchema: { AttributeName: string; KeyType: string }[];
    Projection: { ProjectionType?: string; NonKeyAttributes?: string[] };
    ProvisionedThroughput?: object;
  }

  export interface StoredTable {
    TableName: string;
    TableStatus: string;
    TableArn: string;
    KeySchema: { AttributeName: string; KeyType: string }[];
    AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    GlobalSecondaryIndexes?: StoredIndex[];
    LocalSecondaryIndexes?: StoredIndex[];
  }

  export interface Store {
    readonly db: {
      open(): Promise<void>;
      close(): Promise<void>;
      put(key: string, value: unknown, options: { sync: boolean }): Promise<void>;
    };
    readonly tableDb: SubDatabase & { awsAccountId: string; awsRegion: string };
    getItemDb(table: string): SubDatabase;
    getIndexDb(type: 'local' | 'global', table: string, index: string): SubDatabase;
    deleteIndexDb(type: 'local' | 'global', table: string, index: string, callback: Callback<void>): void;
    getTable(name: string, checkStatus: boolean, callback: Callback<StoredTable>): void;
  }

  const db: {
    create(options: { path: string; createTableMs: number; deleteTableMs: number; updateTableMs: number }): Store;
    createKey(item: object, table: StoredTable): string;
    validateKey(key: object, table: StoredTable): DynaliteError | null | undefined;
    validateItem(item: object, table: StoredTable): DynaliteError | null | undefined;
    /** Rows that a change of an item makes and takes in the indexes. */
    getIndexActions(
      indexes: readonly StoredIndex[],
      existing: object | null,
      item: object | null,
      table: StoredTable,
    ): { puts: { index: string; key: string; item: object }[] };
    /** Bytes as the API reference counts them. */
    itemSize(item: object): number;
    checkConditional(data: object, existing: unknown): DynaliteError | null | undefined;
  };
  export default db;
}

declare module 'dynalite/validations/index.js' {
  import type { Store } from 'dynalite/db/index.js';

  const validations: {
    /** Takes unknown members away and checks the types of the others. */
    checkTypes(data: object, types: object): Record<string, unknown>;
    checkValidations(data: object, types: object, custom: unknown, store: Store): void;
  };
  export default validations;
}

declare module 'dynalite/validations/*' {
  const validation: { readonly types: Readonly<Record<string, unknown>>; readonly custom?: unknown };
  export default validation;
}

declare module 'dynalite/actions/*' {
  import type { Callback, Store } from 'dynalite/db/index.js';

  const action: (store: Store, data: object, callback: Callback<Record<string, unknown>>) => void;
  export default action;
}
