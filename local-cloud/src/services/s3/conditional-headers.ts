import { AwsError } from '../../core/errors.ts';
import { noSuchKey, preconditionFailed } from './errors.ts';
import type { ObjectRecord } from './object-record.ts';

interface ReadConditions {
  IfMatch?: string | undefined;
  IfNoneMatch?: string | undefined;
  IfModifiedSince?: Date | undefined;
  IfUnmodifiedSince?: Date | undefined;
}

/**
 * Preconditions of a read, in the order of RFC 9110 §13.2.2.
 * @throws AwsError `PreconditionFailed` (412), `NotModified` (304)
 */
export function checkReadConditions(record: ObjectRecord, input: ReadConditions): void {
  const modified = Math.floor(record.lastModified / 1000) * 1000;
  if (input.IfMatch !== undefined) {
    if (!etagMatches(input.IfMatch, record.etag)) throw preconditionFailed('If-Match');
  } else if (input.IfUnmodifiedSince !== undefined && modified > input.IfUnmodifiedSince.getTime()) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (input.IfNoneMatch !== undefined) {
    if (etagMatches(input.IfNoneMatch, record.etag)) throw notModified(record);
  } else if (input.IfModifiedSince !== undefined && modified <= input.IfModifiedSince.getTime()) {
    throw notModified(record);
  }
}

/**
 * Preconditions of a write ("Add preconditions to S3 operations with conditional requests"): `If-None-Match: *` for
 * an object that must not be there, `If-Match: <etag>` for one that must be as it was.
 * @throws AwsError `PreconditionFailed`, `NoSuchKey`, `NotImplemented` for an ETag in If-None-Match, as on AWS
 */
export function checkWriteConditions(
  key: string,
  current: ObjectRecord | undefined,
  input: { IfMatch?: string | undefined; IfNoneMatch?: string | undefined },
): void {
  const live = current?.deleteMarker === true ? undefined : current;
  if (input.IfNoneMatch !== undefined) {
    if (input.IfNoneMatch !== '*') {
      throw new AwsError('NotImplemented', 'A header you provided implies functionality that is not implemented', 501);
    }
    if (live !== undefined) throw preconditionFailed('If-None-Match');
  }
  if (input.IfMatch !== undefined) {
    if (live === undefined) throw noSuchKey(key);
    if (!etagMatches(input.IfMatch, live.etag)) throw preconditionFailed('If-Match');
  }
}

/** A header may list several ETags, with or without quotes; `*` matches any. */
export function etagMatches(header: string, etag: string): boolean {
  return header.split(',').some((one) => {
    const wanted = one.trim().replace(/^W\//, '');
    return wanted === '*' || wanted === etag || `"${wanted}"` === etag;
  });
}

function notModified(record: ObjectRecord): AwsError {
  return new AwsError('NotModified', 'Not Modified', 304, {
    fields: { ETag: record.etag, LastModified: new Date(record.lastModified) },
  });
}
