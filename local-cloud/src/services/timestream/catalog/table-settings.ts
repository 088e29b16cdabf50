import type {
  MagneticStoreWriteProperties,
  PartitionKey,
  RetentionProperties,
  Schema,
} from '@aws-sdk/client-timestream-write';
import { NotImplementedError } from '../../../core/errors.ts';
import { Constraints } from '../constraints.ts';
import { validationError } from '../faults.ts';
import {
  DEFAULT_MAGNETIC_RETENTION_DAYS,
  DEFAULT_MEMORY_RETENTION_HOURS,
  MAX_MAGNETIC_RETENTION_DAYS,
  MAX_MEMORY_RETENTION_HOURS,
  MIN_MAGNETIC_RETENTION_DAYS,
  MIN_MEMORY_RETENTION_HOURS,
} from '../limits.ts';
import type { Retention } from './definitions.ts';

export const DEFAULT_RETENTION: Retention = {
  memoryHours: DEFAULT_MEMORY_RETENTION_HOURS,
  magneticDays: DEFAULT_MAGNETIC_RETENTION_DAYS,
};

/** Without a schema a table is partitioned by measure name (developer guide, "customer-defined partition keys"). */
export const DEFAULT_PARTITION_KEY: readonly PartitionKey[] = [{ Type: 'MEASURE' }];

/** @throws AwsError `ValidationException` */
export function readRetention(input: RetentionProperties): Retention {
  const { MemoryStoreRetentionPeriodInHours: hours, MagneticStoreRetentionPeriodInDays: days } = input;
  const constraints = new Constraints();
  const path = 'retentionProperties';
  if (constraints.required(hours, `${path}.memoryStoreRetentionPeriodInHours`)) {
    constraints.range(
      hours,
      `${path}.memoryStoreRetentionPeriodInHours`,
      MIN_MEMORY_RETENTION_HOURS,
      MAX_MEMORY_RETENTION_HOURS,
    );
  }
  if (constraints.required(days, `${path}.magneticStoreRetentionPeriodInDays`)) {
    constraints.range(
      days,
      `${path}.magneticStoreRetentionPeriodInDays`,
      MIN_MAGNETIC_RETENTION_DAYS,
      MAX_MAGNETIC_RETENTION_DAYS,
    );
  }
  constraints.check();
  return { memoryHours: hours as number, magneticDays: days as number };
}

/**
 * Keys of AWS KMS are not run locally, so a location encrypted with one is refused rather than stored in the clear.
 * @throws AwsError `ValidationException`, `NotImplemented`
 */
export function readMagneticWrites(input: MagneticStoreWriteProperties): MagneticStoreWriteProperties {
  const constraints = new Constraints();
  const path = 'magneticStoreWriteProperties';
  constraints.required(input.EnableMagneticStoreWrites, `${path}.enableMagneticStoreWrites`);
  const location = input.MagneticStoreRejectedDataLocation;
  const s3 = location?.S3Configuration;
  if (location !== undefined && s3?.BucketName === undefined) {
    throw validationError('MagneticStoreRejectedDataLocation must name the bucket of its S3Configuration.');
  }
  const s3Path = `${path}.magneticStoreRejectedDataLocation.s3Configuration`;
  constraints.length(s3?.BucketName, `${s3Path}.bucketName`, 3, 63);
  constraints.pattern(s3?.BucketName, `${s3Path}.bucketName`, /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/);
  constraints.length(s3?.ObjectKeyPrefix, `${s3Path}.objectKeyPrefix`, 1, 896);
  constraints.pattern(
    s3?.ObjectKeyPrefix,
    `${s3Path}.objectKeyPrefix`,
    /^[a-zA-Z0-9|!\-_*'().]([a-zA-Z0-9]|[!\-_*'()/.])*$/,
  );
  constraints.oneOf(s3?.EncryptionOption, `${s3Path}.encryptionOption`, ['SSE_S3', 'SSE_KMS']);
  constraints.check();
  if (s3?.EncryptionOption === 'SSE_KMS' || s3?.KmsKeyId !== undefined) {
    throw new NotImplementedError('Timestream: EncryptionOption SSE_KMS for rejected data');
  }
  return {
    EnableMagneticStoreWrites: input.EnableMagneticStoreWrites,
    ...(s3 === undefined
      ? {}
      : {
          MagneticStoreRejectedDataLocation: {
            S3Configuration: {
              BucketName: s3.BucketName,
              ...(s3.ObjectKeyPrefix === undefined ? {} : { ObjectKeyPrefix: s3.ObjectKeyPrefix }),
              EncryptionOption: s3.EncryptionOption ?? 'SSE_S3',
            },
          },
        }),
  };
}

/**
 * API reference, Schema: exactly one partition key. A dimension key has a name and an enforcement, a measure key neither.
 * @throws AwsError `ValidationException`
 */
export function readPartitionKey(schema: Schema): readonly PartitionKey[] {
  const constraints = new Constraints();
  const keys = schema.CompositePartitionKey;
  if (keys === undefined) return DEFAULT_PARTITION_KEY;
  if (keys.length < 1) constraints.fail(keys, 'schema.compositePartitionKey', 'have length greater than or equal to 1');
  keys.forEach((key, index) => {
    const path = `schema.compositePartitionKey.${index + 1}.member`;
    if (constraints.required(key.Type, `${path}.type`)) {
      constraints.oneOf(key.Type, `${path}.type`, ['DIMENSION', 'MEASURE']);
    }
    constraints.length(key.Name, `${path}.name`, 1, Number.POSITIVE_INFINITY);
    constraints.oneOf(key.EnforcementInRecord, `${path}.enforcementInRecord`, ['REQUIRED', 'OPTIONAL']);
  });
  constraints.check();
  if (keys.length > 1) throw validationError('CompositePartitionKey can have one partition key only.');
  return keys.map((key) => {
    if (key.Type === 'MEASURE') {
      if (key.Name !== undefined || key.EnforcementInRecord !== undefined) {
        throw validationError('A partition key of type MEASURE has neither Name nor EnforcementInRecord.');
      }
      return { Type: 'MEASURE' };
    }
    if (key.Name === undefined) throw validationError('A partition key of type DIMENSION must have a Name.');
    return { Type: 'DIMENSION', Name: key.Name, EnforcementInRecord: key.EnforcementInRecord ?? 'OPTIONAL' };
  });
}

/**
 * Only the enforcement of a key can change (developer guide, "schema validation with custom composite partition keys").
 * @throws AwsError `ValidationException`
 */
export function readPartitionKeyUpdate(schema: Schema, current: readonly PartitionKey[]): readonly PartitionKey[] {
  const next = readPartitionKey(schema);
  const same = next.length === current.length && next.every((key, index) => sameKey(key, current[index]));
  if (!same) throw validationError('The type and name of a partition key cannot be changed after table creation.');
  return next;
}

function sameKey(left: PartitionKey, right: PartitionKey | undefined): boolean {
  return left.Type === right?.Type && left.Name === right?.Name;
}
