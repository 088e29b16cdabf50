import type { LifecycleRule as ApiRule } from '@aws-sdk/client-s3';
import { AwsError } from '../../core/errors.ts';
import { malformedXml } from './errors.ts';
import type { LifecycleRule, LifecycleTime, Transition } from './lifecycle-rule.ts';
import { DAY_MS, MAX_LIFECYCLE_RULES } from './limits.ts';
import { STORAGE_CLASSES, type StorageClass } from './object-record.ts';

/**
 * Reads the rules of a PutBucketLifecycleConfiguration request.
 * @throws AwsError `MalformedXML`, `InvalidArgument`
 */
export function readLifecycle(rules: readonly ApiRule[] | undefined, newId: () => string): LifecycleRule[] {
  if (rules === undefined || rules.length === 0 || rules.length > MAX_LIFECYCLE_RULES) throw malformedXml();
  const read = rules.map((rule) => readRule(rule, newId));
  if (new Set(read.map((rule) => rule.id)).size !== read.length) {
    throw invalid('Rule ID must be unique. Found same ID for more than one rule');
  }
  return read;
}

function readRule(rule: ApiRule, newId: () => string): LifecycleRule {
  const { Filter: filter, Expiration: expiration } = rule;
  if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml();
  if (filter === undefined && rule.Prefix === undefined) throw malformedXml();
  if (filter !== undefined && (rule.Prefix !== undefined || Object.keys(defined(filter)).length > 1))
    throw malformedXml();
  if ((rule.ID ?? '').length > 255) throw invalid('ID length should not exceed allowed limit of 255');
  const both = filter?.And;
  const transitions = (rule.Transitions ?? []).map(
    (one): Transition => ({ when: readTime(one.Days, one.Date, 0), storageClass: readClass(one.StorageClass) }),
  );
  const read: LifecycleRule = {
    id: rule.ID ?? newId(),
    enabled: rule.Status === 'Enabled',
    prefix: rule.Prefix ?? filter?.Prefix ?? both?.Prefix ?? '',
    tags: [...(filter?.Tag === undefined ? [] : [filter.Tag]), ...(both?.Tags ?? [])].map(({ Key, Value }) => ({
      Key: Key ?? '',
      Value: Value ?? '',
    })),
    sizeGreaterThan: filter?.ObjectSizeGreaterThan ?? both?.ObjectSizeGreaterThan,
    sizeLessThan: filter?.ObjectSizeLessThan ?? both?.ObjectSizeLessThan,
    expiration:
      expiration?.Days === undefined && expiration?.Date === undefined
        ? undefined
        : readTime(expiration.Days, expiration.Date, 1),
    expiredObjectDeleteMarker: expiration?.ExpiredObjectDeleteMarker === true,
    transitions,
    noncurrentExpiration:
      rule.NoncurrentVersionExpiration === undefined
        ? undefined
        : {
            days: positive(rule.NoncurrentVersionExpiration.NoncurrentDays),
            keep: rule.NoncurrentVersionExpiration.NewerNoncurrentVersions ?? 0,
          },
    noncurrentTransitions: (rule.NoncurrentVersionTransitions ?? []).map((one) => ({
      days: one.NoncurrentDays ?? 0,
      keep: one.NewerNoncurrentVersions ?? 0,
      storageClass: readClass(one.StorageClass),
    })),
    abortUploadsAfterDays:
      rule.AbortIncompleteMultipartUpload === undefined
        ? undefined
        : positive(rule.AbortIncompleteMultipartUpload.DaysAfterInitiation),
  };
  checkActions(read);
  return read;
}

function checkActions(rule: LifecycleRule): void {
  const { expiration, transitions } = rule;
  if (rule.expiredObjectDeleteMarker && expiration !== undefined) throw malformedXml();
  if (
    expiration === undefined &&
    !rule.expiredObjectDeleteMarker &&
    transitions.length === 0 &&
    rule.noncurrentExpiration === undefined &&
    rule.noncurrentTransitions.length === 0 &&
    rule.abortUploadsAfterDays === undefined
  ) {
    throw new AwsError('InvalidRequest', 'At least one action needs to be specified in a rule');
  }
  if (rule.abortUploadsAfterDays !== undefined && rule.tags.length > 0) {
    throw new AwsError('InvalidRequest', 'AbortIncompleteMultipartUpload cannot be specified with Tags.');
  }
  for (const { when } of transitions) {
    if (expiration === undefined) continue;
    if ('days' in when !== 'days' in expiration) {
      throw invalid("Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule");
    }
    if ('days' in when && 'days' in expiration && when.days >= expiration.days) {
      throw invalid("'Days' in the Expiration action must be greater than 'Days' in the Transition action");
    }
  }
}

/** The rules as GetBucketLifecycleConfiguration answers them. */
export function writeLifecycle(rules: readonly LifecycleRule[]): ApiRule[] {
  return rules.map((rule) => {
    const parts = [
      ...(rule.prefix === '' ? [] : [{ Prefix: rule.prefix }]),
      ...(rule.sizeGreaterThan === undefined ? [] : [{ ObjectSizeGreaterThan: rule.sizeGreaterThan }]),
      ...(rule.sizeLessThan === undefined ? [] : [{ ObjectSizeLessThan: rule.sizeLessThan }]),
    ];
    const [tag] = rule.tags;
    const single = parts.length + rule.tags.length <= 1;
    return defined({
      ID: rule.id,
      Status: rule.enabled ? 'Enabled' : 'Disabled',
      Filter: single
        ? (parts[0] ?? (tag === undefined ? { Prefix: '' } : { Tag: { ...tag } }))
        : { And: { ...Object.assign({}, ...parts), ...(rule.tags.length > 0 ? { Tags: [...rule.tags] } : {}) } },
      Expiration: rule.expiredObjectDeleteMarker
        ? { ExpiredObjectDeleteMarker: true }
        : rule.expiration === undefined
          ? undefined
          : writeTime(rule.expiration),
      Transitions:
        rule.transitions.length === 0
          ? undefined
          : rule.transitions.map(({ when, storageClass }) => ({ ...writeTime(when), StorageClass: storageClass })),
      NoncurrentVersionExpiration:
        rule.noncurrentExpiration === undefined
          ? undefined
          : defined({
              NoncurrentDays: rule.noncurrentExpiration.days,
              NewerNoncurrentVersions: rule.noncurrentExpiration.keep || undefined,
            }),
      NoncurrentVersionTransitions:
        rule.noncurrentTransitions.length === 0
          ? undefined
          : rule.noncurrentTransitions.map(({ days, keep, storageClass }) =>
              defined({ NoncurrentDays: days, NewerNoncurrentVersions: keep || undefined, StorageClass: storageClass }),
            ),
      AbortIncompleteMultipartUpload:
        rule.abortUploadsAfterDays === undefined ? undefined : { DaysAfterInitiation: rule.abortUploadsAfterDays },
    }) as ApiRule;
  });
}

/** A rule of a template ("AWS::S3::Bucket Rule") in the API's spelling. */
export function ruleOfTemplate(rule: Readonly<Record<string, unknown>>): ApiRule {
  const known = new Set([
    'AbortIncompleteMultipartUpload',
    'ExpirationDate',
    'ExpirationInDays',
    'ExpiredObjectDeleteMarker',
    'Id',
    'NoncurrentVersionExpiration',
    'NoncurrentVersionExpirationInDays',
    'NoncurrentVersionTransition',
    'NoncurrentVersionTransitions',
    'ObjectSizeGreaterThan',
    'ObjectSizeLessThan',
    'Prefix',
    'Status',
    'TagFilters',
    'Transition',
    'Transitions',
  ]);
  const unknown = Object.keys(rule).find((name) => !known.has(name));
  if (unknown !== undefined) throw invalid(`Encountered unsupported property ${unknown} of a lifecycle rule`);
  const number = (value: unknown) => (value === undefined ? undefined : Number(value));
  const list = (one: unknown, many: unknown) => [...(one === undefined ? [] : [one]), ...((many ?? []) as unknown[])];
  const date = (value: unknown) => (value === undefined ? undefined : new Date(String(value)));
  const tags = rule.TagFilters as { Key: string; Value: string }[] | undefined;
  const expiration = defined({
    Days: number(rule.ExpirationInDays),
    Date: date(rule.ExpirationDate),
    ExpiredObjectDeleteMarker:
      rule.ExpiredObjectDeleteMarker === undefined ? undefined : String(rule.ExpiredObjectDeleteMarker) === 'true',
  });
  const noncurrent = rule.NoncurrentVersionExpiration as Record<string, unknown> | undefined;
  const noncurrentDays = number(noncurrent?.NoncurrentDays ?? rule.NoncurrentVersionExpirationInDays);
  const abort = rule.AbortIncompleteMultipartUpload as Record<string, unknown> | undefined;
  return defined({
    ID: rule.Id as string | undefined,
    Status: rule.Status,
    Filter: {
      And: defined({
        Prefix: rule.Prefix,
        Tags: tags,
        ObjectSizeGreaterThan: number(rule.ObjectSizeGreaterThan),
        ObjectSizeLessThan: number(rule.ObjectSizeLessThan),
      }),
    },
    Expiration: Object.keys(expiration).length === 0 ? undefined : expiration,
    Transitions: list(rule.Transition, rule.Transitions).map((one) => {
      const { TransitionInDays, TransitionDate, StorageClass } = one as Record<string, unknown>;
      return defined({ Days: number(TransitionInDays), Date: date(TransitionDate), StorageClass });
    }),
    NoncurrentVersionExpiration:
      noncurrentDays === undefined
        ? undefined
        : defined({
            NoncurrentDays: noncurrentDays,
            NewerNoncurrentVersions: number(noncurrent?.NewerNoncurrentVersions),
          }),
    NoncurrentVersionTransitions: list(rule.NoncurrentVersionTransition, rule.NoncurrentVersionTransitions).map(
      (one) => {
        const { TransitionInDays, NewerNoncurrentVersions, StorageClass } = one as Record<string, unknown>;
        return defined({
          NoncurrentDays: number(TransitionInDays),
          NewerNoncurrentVersions: number(NewerNoncurrentVersions),
          StorageClass,
        });
      },
    ),
    AbortIncompleteMultipartUpload:
      abort === undefined ? undefined : { DaysAfterInitiation: number(abort.DaysAfterInitiation) },
  }) as unknown as ApiRule;
}

function readTime(days: number | undefined, date: Date | undefined, least: number): LifecycleTime {
  if ((days === undefined) === (date === undefined)) throw malformedXml();
  if (date !== undefined) {
    const at = date.getTime();
    if (Number.isNaN(at) || at % DAY_MS !== 0) throw invalid("'Date' must be at midnight GMT");
    return { date: at };
  }
  if (!Number.isInteger(days) || (days as number) < least) {
    throw invalid(`'Days' must be a ${least === 1 ? 'positive' : 'non-negative'} integer`);
  }
  return { days: days as number };
}

function writeTime(when: LifecycleTime): { Days: number } | { Date: Date } {
  return 'days' in when ? { Days: when.days } : { Date: new Date(when.date) };
}

function readClass(storageClass: string | undefined): StorageClass {
  if (
    storageClass === undefined ||
    storageClass === 'STANDARD' ||
    !STORAGE_CLASSES.includes(storageClass as StorageClass)
  ) {
    throw malformedXml();
  }
  return storageClass as StorageClass;
}

function positive(days: number | undefined): number {
  if (days === undefined || !Number.isInteger(days) || days < 1) throw invalid("'Days' must be a positive integer");
  return days;
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgument', message);
}
