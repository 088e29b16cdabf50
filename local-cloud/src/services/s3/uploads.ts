import type { ChecksumAlgorithm } from './checksums.ts';
import type { DataPart, StorageClass, SystemMetadata } from './object-record.ts';

/** A part of a multipart upload under way. */
export interface UploadPart {
  readonly data: DataPart;
  /** Hexadecimal. */
  readonly md5: string;
  /** Base64, of the upload's algorithm. */
  readonly checksum?: string | undefined;
  readonly lastModified: number;
}

export interface UploadRecord {
  readonly id: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiated: number;
  readonly system: SystemMetadata;
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: { Key: string; Value: string }[];
  readonly storageClass: StorageClass;
  readonly algorithm?: ChecksumAlgorithm | undefined;
  readonly checksumType?: 'FULL_OBJECT' | 'COMPOSITE' | undefined;
  /** By part number. */
  readonly parts: Record<string, UploadPart>;
}
