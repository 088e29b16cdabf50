import type { ChecksumAlgorithm } from './checksums.ts';

export type StorageClass =
  | 'STANDARD'
  | 'STANDARD_IA'
  | 'ONEZONE_IA'
  | 'INTELLIGENT_TIERING'
  | 'GLACIER_IR'
  | 'GLACIER'
  | 'DEEP_ARCHIVE';

export const STORAGE_CLASSES: readonly StorageClass[] = [
  'STANDARD',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];

/** Classes whose objects must be restored before they can be read. */
export const ARCHIVED: ReadonlySet<StorageClass> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** A file of an object's bytes: one, or one for each part of a multipart upload. */
export interface DataPart {
  readonly file: string;
  readonly size: number;
}

/** Headers that S3 keeps with an object and gives back. */
export interface SystemMetadata {
  readonly contentType: string;
  readonly cacheControl?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly expires?: string | undefined;
}

export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** Base64; of a multipart upload's parts with `-<number of parts>` behind it. */
  readonly value: string;
  readonly type: 'FULL_OBJECT' | 'COMPOSITE';
}

/** Id of a version made while versioning is off or suspended. */
export const NULL_VERSION = 'null';

/** One version of an object, or a delete marker. */
export interface ObjectRecord {
  /** Key of the record in the store: its order. */
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
  /** Grows with every version made in this data directory: newer is larger. */
  readonly order: number;
  /** ms since the epoch */
  readonly lastModified: number;
  readonly deleteMarker?: true;
  /** In quotes. */
  readonly etag: string;
  readonly size: number;
  readonly parts: readonly DataPart[];
  readonly multipart: boolean;
  readonly system: SystemMetadata;
  readonly metadata: Readonly<Record<string, string>>;
  readonly checksum?: StoredChecksum | undefined;
  storageClass: StorageClass;
  tags: { Key: string; Value: string }[];
  /** When a newer version came; undefined for the newest. */
  noncurrentSince?: number | undefined;
}
