/** Objects of the Data Catalog as they are kept. Times in ms since the epoch. */

export interface ColumnRecord {
  readonly Name: string;
  readonly Type?: string;
  readonly Comment?: string;
  readonly Parameters?: Readonly<Record<string, string>>;
}

/** Members as the API has them; those that change nothing here are kept as given. */
export interface StorageRecord {
  readonly Columns?: readonly ColumnRecord[];
  readonly Location?: string;
  readonly InputFormat?: string;
  readonly OutputFormat?: string;
  readonly SerdeInfo?: {
    readonly Name?: string;
    readonly SerializationLibrary?: string;
    readonly Parameters?: Readonly<Record<string, string>>;
  };
  readonly Parameters?: Readonly<Record<string, string>>;
  readonly [member: string]: unknown;
}

export interface DatabaseRecord {
  readonly name: string;
  readonly description?: string | undefined;
  readonly locationUri?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly createdAt: number;
}

export interface TableRecord {
  readonly database: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly owner?: string | undefined;
  readonly retention: number;
  readonly storage?: StorageRecord | undefined;
  readonly partitionKeys: readonly ColumnRecord[];
  readonly viewOriginalText?: string | undefined;
  readonly viewExpandedText?: string | undefined;
  readonly tableType?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly lastAccessTime?: number | undefined;
  readonly lastAnalyzedTime?: number | undefined;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly version: number;
}

export interface PartitionRecord {
  readonly database: string;
  readonly table: string;
  readonly values: readonly string[];
  readonly storage?: StorageRecord | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly lastAccessTime?: number | undefined;
  readonly lastAnalyzedTime?: number | undefined;
  readonly createdAt: number;
}
