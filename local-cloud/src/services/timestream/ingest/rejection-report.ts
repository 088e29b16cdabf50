import { messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { TableDefinition } from '../catalog/definitions.ts';
import type { IngestRecord } from './record.ts';

/**
 * Writes records that the magnetic store rejected after the call was answered to the table's rejection location, in the
 * shape of AWS's reports (`reportId`, `errors` with `reason` and `records`). It is written in the name of the account
 * that owns the table: AWS documents no role for it. Without a location the rejections are lost, as on AWS.
 */
export async function reportRejections(
  context: CloudContext,
  table: TableDefinition,
  rejections: readonly { record: IngestRecord; reason: string }[],
): Promise<void> {
  const location = table.magneticWrites.MagneticStoreRejectedDataLocation?.S3Configuration;
  if (location?.BucketName === undefined) return;
  const reportId = context.entropy.bytes(16).toString('hex').toUpperCase();
  const byReason = new Map<string, object[]>();
  for (const { record, reason } of rejections) {
    byReason.set(reason, [...(byReason.get(reason) ?? []), reportedRecord(record)]);
  }
  const report = {
    reportId,
    errors: [...byReason].map(([reason, records]) => ({ reason, records })),
  };
  const prefix = location.ObjectKeyPrefix === undefined ? '' : `${location.ObjectKeyPrefix.replace(/\/$/, '')}/`;
  const { accountId, partition } = context.account;
  const owner = {
    kind: 'account',
    arn: `arn:${partition}:iam::${accountId}:root`,
    accountId,
    userId: accountId,
  } as const;
  try {
    await context.api.call(owner, 's3', 'PutObject', {
      Bucket: location.BucketName,
      Key: `${prefix}${table.database}/${table.name}/${reportId}.json`,
      Body: Buffer.from(JSON.stringify(report)),
      ContentType: 'application/json',
      ServerSideEncryption: 'AES256',
    });
  } catch (error) {
    context.log('error', 'a Timestream rejection report could not be written', {
      database: table.database,
      table: table.name,
      bucket: location.BucketName,
      reason: messageOf(error),
    });
  }
}

function reportedRecord(record: IngestRecord): object {
  const [single] = record.measures;
  const multi = record.type === 'multi';
  return {
    dimensions: record.dimensions.map(({ name, value }) => ({ name, value, dimensionValueType: null })),
    measureName: record.measureName,
    measureValue: multi ? null : String(single?.value),
    measureValues: multi
      ? record.measures.map(({ name, value, type }) => ({ name, value: String(value), type: type.toUpperCase() }))
      : null,
    measureValueType: record.type.toUpperCase(),
    time: String(record.time),
    timeUnit: 'NANOSECONDS',
    version: Number(record.version),
  };
}
