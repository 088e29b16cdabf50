import { AwsError } from '../../../core/errors.ts';
import type { Json } from '../engine.ts';
import { tablePermission } from '../permissions.ts';
import { checkTagCount, isTrue, readRecovery, readTags } from '../table-settings.ts';
import type { TableRecord, Tables } from '../tables.ts';
import type { TimeToLive } from '../time-to-live.ts';
import type { WireOperation } from '../wire-operation.ts';

/** Time to live, continuous backups (recorded) and tags. */
export function createTableSettingOperations(tables: Tables, timeToLive: TimeToLive): WireOperation[] {
  const byName = (request: Json): TableRecord => tables.require(tables.nameOf(String(request.TableName)));
  const byArn = (request: Json): TableRecord => {
    const record = tables.find(tables.nameOf(String(request.ResourceArn)));
    if (record === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Requested resource not found: ResourcArn: ${request.ResourceArn} not found`,
      );
    }
    return record;
  };
  const onName = (name: string, run: WireOperation['run']): WireOperation => ({
    name,
    authorize: (request) => [tablePermission(tables, name, request.TableName)],
    run,
  });
  const onArn = (name: string, run: WireOperation['run']): WireOperation => ({
    name,
    authorize: (request) => [tablePermission(tables, name, request.ResourceArn)],
    run,
  });

  return [
    onName('UpdateTimeToLive', async (request) => {
      const specification = (request.TimeToLiveSpecification ?? {}) as Json;
      await timeToLive.update(
        byName(request),
        isTrue(specification.Enabled),
        String(specification.AttributeName ?? ''),
      );
      return { TimeToLiveSpecification: specification };
    }),
    onName('DescribeTimeToLive', async (request) => ({ TimeToLiveDescription: timeToLive.describe(byName(request)) })),
    onName('UpdateContinuousBackups', async (request) => {
      const record = byName(request);
      setRecovery(tables, record, request.PointInTimeRecoverySpecification);
      await tables.save(record);
      return { ContinuousBackupsDescription: backups(tables, record) };
    }),
    onName('DescribeContinuousBackups', async (request) => ({
      ContinuousBackupsDescription: backups(tables, byName(request)),
    })),
    onArn('TagResource', async (request) => {
      const record = byArn(request);
      const tags = { ...record.tags, ...readTags(request.Tags) };
      checkTagCount(tags);
      record.tags = tags;
      await tables.save(record);
      return {};
    }),
    onArn('UntagResource', async (request) => {
      const record = byArn(request);
      const removed = (request.TagKeys ?? []) as string[];
      record.tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !removed.includes(key)));
      await tables.save(record);
      return {};
    }),
    onArn('ListTagsOfResource', async (request) => ({
      Tags: Object.entries(byArn(request).tags).map(([Key, Value]) => ({ Key, Value })),
    })),
  ];
}

export function setRecovery(tables: Tables, record: TableRecord, specification: unknown): void {
  const days = readRecovery(specification);
  if (days === undefined) record.pointInTimeRecovery = undefined;
  else record.pointInTimeRecovery = { days, since: record.pointInTimeRecovery?.since ?? tables.context.clock.now() };
}

function backups(tables: Tables, { pointInTimeRecovery: recovery }: TableRecord): Json {
  const now = tables.context.clock.now();
  return {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription:
      recovery === undefined
        ? { PointInTimeRecoveryStatus: 'DISABLED' }
        : {
            PointInTimeRecoveryStatus: 'ENABLED',
            RecoveryPeriodInDays: recovery.days,
            EarliestRestorableDateTime: Math.max(recovery.since, now - recovery.days * 24 * 3_600_000) / 1000,
            LatestRestorableDateTime: now / 1000,
          },
  };
}
