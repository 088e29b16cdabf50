import type {
  DeletedObject,
  DeleteObjectOutput,
  DeleteObjectRequest,
  DeleteObjectsOutput,
  DeleteObjectsRequest,
  ObjectIdentifier,
  _Error as S3Error,
} from '@aws-sdk/client-s3';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Bucket, Buckets } from '../buckets.ts';
import { etagMatches } from '../conditional-headers.ts';
import { malformedXml, noSuchKey, preconditionFailed } from '../errors.ts';
import { MAX_DELETED } from '../limits.ts';
import { checkKey, readClaimedChecksum } from '../object-input.ts';
import { type Removal, removeCurrent, removeVersion } from '../object-removal.ts';
import { demand, objectPermission } from '../permissions.ts';

export function createDeleteObject(buckets: Buckets): Operation<DeleteObjectRequest, DeleteObjectOutput> {
  return {
    name: 'DeleteObject',
    authorize: (input, call) => [deletePermission(buckets, input.Bucket, input, call)],
    async handle(input) {
      refuseLocks(input);
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const removal = await remove(buckets, bucket, {
        Key: input.Key,
        VersionId: input.VersionId,
        ETag: input.IfMatch,
        LastModifiedTime: input.IfMatchLastModifiedTime,
        Size: input.IfMatchSize,
      });
      return {
        ...(removal.deleteMarker ? { DeleteMarker: true } : {}),
        ...(removal.versionId === undefined ? {} : { VersionId: removal.versionId }),
      };
    },
  };
}

/** Each key is authorized for itself, and what fails is listed beside what was deleted ("DeleteObjects"). */
export function createDeleteObjects(buckets: Buckets): Operation<DeleteObjectsRequest, DeleteObjectsOutput> {
  return {
    name: 'DeleteObjects',
    authorize: () => [],
    async handle(input, call) {
      refuseLocks(input);
      readClaimedChecksum({ ChecksumAlgorithm: input.ChecksumAlgorithm });
      const objects = input.Delete?.Objects;
      if (objects === undefined || objects.length < 1 || objects.length > MAX_DELETED) throw malformedXml();
      const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
      const deleted: DeletedObject[] = [];
      const errors: S3Error[] = [];
      for (const object of objects) {
        const named = { Key: object.Key, ...(object.VersionId === undefined ? {} : { VersionId: object.VersionId }) };
        try {
          demand(buckets, deletePermission(buckets, input.Bucket, object, call), call);
          const removal = await remove(buckets, bucket, object);
          deleted.push({ ...named, ...markerOf(object, removal) });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          const code = error.code === 'AccessDeniedException' ? 'AccessDenied' : error.code;
          errors.push({ ...named, Code: code, Message: error.message });
        }
      }
      return {
        ...(input.Delete?.Quiet === true ? {} : { Deleted: deleted }),
        ...(errors.length > 0 ? { Errors: errors } : {}),
      };
    },
  };
}

/** A marker made by the deletion, or the marker that was deleted. */
function markerOf(object: ObjectIdentifier, removal: Removal): Partial<DeletedObject> {
  if (!removal.deleteMarker) return {};
  return {
    DeleteMarker: true,
    ...(removal.versionId === undefined ? {} : { DeleteMarkerVersionId: object.VersionId ?? removal.versionId }),
  };
}

async function remove(buckets: Buckets, bucket: Bucket, object: ObjectIdentifier): Promise<Removal> {
  checkKey(object.Key);
  checkConditions(bucket, object);
  return object.VersionId === undefined
    ? removeCurrent(buckets, bucket, object.Key)
    : removeVersion(buckets, bucket, object.Key, object.VersionId);
}

function checkConditions(bucket: Bucket, object: ObjectIdentifier): void {
  const { Key: key = '', VersionId: versionId, ETag: etag, LastModifiedTime: modified, Size: size } = object;
  if (etag === undefined && modified === undefined && size === undefined) return;
  if (modified !== undefined || size !== undefined) {
    throw new NotImplementedError('S3 deletion conditions other than the ETag');
  }
  const { contents } = bucket;
  const record = versionId === undefined ? contents.latest(key) : contents.version(key, versionId);
  if (record === undefined || record.deleteMarker === true) throw noSuchKey(key);
  if (etag !== undefined && !etagMatches(etag, record.etag)) throw preconditionFailed('If-Match');
}

function deletePermission(
  buckets: Buckets,
  bucket: string | undefined,
  object: { Key?: string | undefined; VersionId?: string | undefined },
  call: ApiCall,
) {
  const action = object.VersionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
  return objectPermission(buckets, action, bucket, object.Key, call, { 's3:VersionId': object.VersionId });
}

function refuseLocks(input: { MFA?: string | undefined }): void {
  if (input.MFA !== undefined) throw new NotImplementedError('S3 MFA delete');
}
