import type { FieldType } from '@aws-sdk/client-iot';
import type { SearchDocument } from './query/match-query.ts';
import type { Query } from './query/query.ts';

/** A thing or a thing group of an index. */
export interface IndexedDocument extends SearchDocument {
  /** Values that aggregations read, also of fields that are not searchable. */
  aggregated(field: string): readonly (string | number | boolean)[];
}

/** An index that is switched on. */
export interface SearchTarget {
  readonly name: string;
  /** As DescribeIndex answers it. */
  readonly schema: string;
  /** Names of what is indexed, in order. */
  sortedKeys(): readonly string[];
  document(key: string): IndexedDocument | undefined;
  /** @throws AwsError InvalidQueryException for a field that is not indexed */
  check(query: Query): void;
  /** Undefined for a field that is neither managed nor custom. */
  fieldType(field: string): FieldType | undefined;
}
