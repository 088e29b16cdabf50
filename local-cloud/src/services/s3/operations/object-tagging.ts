import type {
  DeleteObjectTaggingRequest,
  GetObjectTaggingOutput,
  GetObjectTaggingRequest,
  PutObjectTaggingRequest,
} from '@aws-sdk/client-s3';
import type { ApiCall, Operation } from '../../../core/api.ts';
import type { Buckets } from '../buckets.ts';
import { MAX_OBJECT_TAGS } from '../limits.ts';
import { checkKey } from '../object-input.ts';
import { objectPermission } from '../permissions.ts';
import { readTags } from '../tags.ts';
import { findObject } from './get-object.ts';

type TagRequest = GetObjectTaggingRequest;

export function createObjectTaggingOperations(buckets: Buckets): Operation[] {
  const permission = (action: string, input: TagRequest, call: ApiCall) =>
    objectPermission(
      buckets,
      input.VersionId === undefined ? `${action}Tagging` : `${action}VersionTagging`,
      input.Bucket,
      input.Key,
      call,
    );
  const find = (input: TagRequest, call: ApiCall) => {
    const bucket = buckets.require(input.Bucket ?? '', input.ExpectedBucketOwner);
    checkKey(input.Key);
    const record = findObject(buckets, bucket, input.Key, input.VersionId, call);
    const version = bucket.record.versioning === undefined ? {} : { VersionId: record.versionId };
    return { record, version };
  };

  const put: Operation<PutObjectTaggingRequest, object> = {
    name: 'PutObjectTagging',
    authorize: (input, call) => [permission('PutObject', input, call)],
    async handle(input, call) {
      const { record, version } = find(input, call);
      record.tags = readTags(input.Tagging?.TagSet, MAX_OBJECT_TAGS);
      buckets.saveObject(record);
      await buckets.context.store.durable();
      return version;
    },
  };

  const get: Operation<GetObjectTaggingRequest, GetObjectTaggingOutput> = {
    name: 'GetObjectTagging',
    authorize: (input, call) => [permission('GetObject', input, call)],
    handle(input, call) {
      const { record, version } = find(input, call);
      return { ...version, TagSet: record.tags.map((tag) => ({ ...tag })) };
    },
  };

  const remove: Operation<DeleteObjectTaggingRequest, object> = {
    name: 'DeleteObjectTagging',
    authorize: (input, call) => [permission('DeleteObject', input, call)],
    async handle(input, call) {
      const { record, version } = find(input, call);
      record.tags = [];
      buckets.saveObject(record);
      await buckets.context.store.durable();
      return version;
    },
  };

  return [put, get, remove];
}
