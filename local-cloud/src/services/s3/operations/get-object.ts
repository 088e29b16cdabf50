import type { GetObjectOutput, GetObjectRequest, HeadObjectOutput, HeadObjectRequest } from '@aws-sdk/client-s3';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { Bucket, Buckets } from '../buckets.ts';
import { type ByteRange, readRange } from '../byte-range.ts';
import { checkReadConditions } from '../conditional-headers.ts';
import { accessDenied, checkVersionId, invalidArgument, invalidRequest, noSuchKey, noSuchVersion } from '../errors.ts';
import { MAX_BUFFERED_BYTES, MAX_PART_NUMBER } from '../limits.ts';
import { checkKey, checksumOutput } from '../object-input.ts';
import { ARCHIVED, type ObjectRecord } from '../object-record.ts';
import { bucketPermission, demand, objectPermission } from '../permissions.ts';

export function createGetObject(buckets: Buckets): Operation<GetObjectRequest, GetObjectOutput> {
  return {
    name: 'GetObject',
    authorize: (input, call) => [readPermission(buckets, input, call)],
    async handle(input, call) {
      const { bucket, record, selection, output } = select(buckets, input, call);
      if (ARCHIVED.has(record.storageClass)) {
        throw new AwsError('InvalidObjectState', "The operation is not valid for the object's storage class", 403, {
          fields: { StorageClass: record.storageClass },
        });
      }
      const { range } = selection;
      const size = range.end - range.start + 1;
      if (size > MAX_BUFFERED_BYTES) {
        const stream = buckets.files.stream(bucket.record.name, record.parts, range);
        return { ...output, Body: stream as unknown as GetObjectOutput['Body'] };
      }
      const release = buckets.files.hold(bucket.record.name, record.parts);
      try {
        const bytes = await buckets.files.read(bucket.record.name, record.parts, range);
        return { ...output, Body: bytes as unknown as GetObjectOutput['Body'] };
      } finally {
        release();
      }
    },
  };
}

/** Like GetObject without the bytes. An object that is not there answers 404 without a body, so without a code of its own. */
export function createHeadObject(buckets: Buckets): Operation<HeadObjectRequest, HeadObjectOutput> {
  return {
    name: 'HeadObject',
    authorize: (input, call) => [readPermission(buckets, input, call)],
    handle(input, call) {
      try {
        return select(buckets, input, call).output;
      } catch (error) {
        if (error instanceof AwsError && error.statusCode === 404) {
          throw new AwsError('NotFound', 'Not Found', 404, { cause: error, fields: error.fields });
        }
        throw error;
      }
    },
  };
}

function readPermission(buckets: Buckets, input: GetObjectRequest, call: ApiCall) {
  const action = input.VersionId === undefined ? 'GetObject' : 'GetObjectVersion';
  const record = buckets.find(input.Bucket ?? '')?.contents.latest(input.Key ?? '');
  return objectPermission(buckets, action, input.Bucket, input.Key, call, {
    's3:VersionId': input.VersionId,
    ...Object.fromEntries((record?.tags ?? []).map(({ Key, Value }) => [`s3:ExistingObjectTag/${Key}`, Value])),
  });
}

interface Selection {
  readonly range: ByteRange;
  /** Undefined for the whole object. */
  readonly contentRange: string | undefined;
}

function select(buckets: Buckets, input: GetObjectRequest | HeadObjectRequest, call: ApiCall) {
  const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
  checkKey(input.Key);
  if (input.SSECustomerAlgorithm !== undefined || input.SSECustomerKey !== undefined) {
    throw invalidRequest('The encryption parameters are not applicable to this object.');
  }
  const record = findObject(buckets, bucket, input.Key, input.VersionId, call);
  checkReadConditions(record, input);
  const selection = selectBytes(record, input);
  return { bucket, record, selection, output: describe(bucket, record, selection, input) };
}

/**
 * The version asked for.
 * @throws AwsError `NoSuchKey`, `NoSuchVersion`, `MethodNotAllowed` (405) for a delete marker named by its version,
 *   `AccessDenied` instead of `NoSuchKey` for a caller who may not list the bucket ("GetObject", "Permissions")
 */
export function findObject(
  buckets: Buckets,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  call: ApiCall,
): ObjectRecord {
  const { contents } = bucket;
  if (versionId !== undefined) checkVersionId(versionId);
  const record = versionId === undefined ? contents.latest(key) : contents.version(key, versionId);
  if (record !== undefined && record.deleteMarker !== true) return record;
  try {
    demand(buckets, bucketPermission(buckets, 'ListBucket', bucket.record.name, call), call);
  } catch (cause) {
    throw cause instanceof AwsError ? cause : accessDenied();
  }
  if (record === undefined) throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
  const fields = { Key: key, DeleteMarker: true, VersionId: record.versionId };
  if (versionId !== undefined) {
    throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', 405, {
      fields,
    });
  }
  throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404, { fields });
}

function selectBytes(record: ObjectRecord, input: GetObjectRequest): Selection {
  const whole: ByteRange = { start: 0, end: record.size - 1 };
  const { PartNumber: part } = input;
  if (part !== undefined) {
    if (input.Range !== undefined)
      throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
    const parts = record.multipart ? record.parts : [{ size: record.size }];
    const wanted = parts[part - 1];
    if (part < 1 || part > MAX_PART_NUMBER || wanted === undefined) {
      throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', 416);
    }
    const start = parts.slice(0, part - 1).reduce((sum, one) => sum + one.size, 0);
    return ranged({ start, end: start + wanted.size - 1 }, record);
  }
  const range = readRange(input.Range, record.size);
  return range === undefined ? { range: whole, contentRange: undefined } : ranged(range, record);
}

function ranged(range: ByteRange, record: ObjectRecord): Selection {
  return { range, contentRange: `bytes ${range.start}-${range.end}/${record.size}` };
}

function describe(
  bucket: Bucket,
  record: ObjectRecord,
  { range, contentRange }: Selection,
  input: GetObjectRequest,
): HeadObjectOutput {
  const { system } = record;
  const expires = input.ResponseExpires?.toUTCString() ?? system.expires;
  const whole = contentRange === undefined;
  return stripped({
    AcceptRanges: 'bytes',
    LastModified: new Date(Math.floor(record.lastModified / 1000) * 1000),
    ContentLength: range.end - range.start + 1,
    ETag: record.etag,
    ContentRange: contentRange,
    ContentType: asHeader('response-content-type', input.ResponseContentType) ?? system.contentType,
    CacheControl: asHeader('response-cache-control', input.ResponseCacheControl) ?? system.cacheControl,
    ContentDisposition:
      asHeader('response-content-disposition', input.ResponseContentDisposition) ?? system.contentDisposition,
    ContentEncoding: asHeader('response-content-encoding', input.ResponseContentEncoding) ?? system.contentEncoding,
    ContentLanguage: asHeader('response-content-language', input.ResponseContentLanguage) ?? system.contentLanguage,
    ExpiresString: expires,
    Expires: expires === undefined ? undefined : new Date(expires),
    Metadata: { ...record.metadata },
    ServerSideEncryption: 'AES256',
    StorageClass: record.storageClass === 'STANDARD' ? undefined : record.storageClass,
    VersionId: bucket.record.versioning === undefined ? undefined : record.versionId,
    TagCount: record.tags.length === 0 ? undefined : record.tags.length,
    PartsCount: input.PartNumber !== undefined && record.multipart ? record.parts.length : undefined,
    ...(input.ChecksumMode === 'ENABLED' && whole ? checksumOutput(record.checksum) : {}),
  });
}

/**
 * A parameter that becomes a header of the answer has to be able to be one; refused as other arguments are.
 * @throws AwsError `InvalidArgument`
 */
function asHeader(parameter: string, value: string | undefined): string | undefined {
  if (value === undefined || /^[\t\x20-\x7e]*$/.test(value)) return value;
  throw invalidArgument(`${parameter} holds characters that a header cannot`, parameter, value);
}

function stripped<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}
