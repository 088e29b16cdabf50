import * as schemas from '@aws-sdk/client-s3';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { Buckets } from './buckets.ts';
import { Lifecycle } from './lifecycle.ts';
import { LIFECYCLE_SWEEP_MS } from './limits.ts';
import { createBucketSettingOperations } from './operations/bucket-settings.ts';
import { createBucketOperations } from './operations/buckets.ts';
import { createCopyObject } from './operations/copy-object.ts';
import { createDeleteObject, createDeleteObjects } from './operations/delete-objects.ts';
import { createGetObject, createHeadObject } from './operations/get-object.ts';
import { createListObjectVersions } from './operations/list-object-versions.ts';
import { createListObjects, createListObjectsV2 } from './operations/list-objects.ts';
import { createListUploadOperations } from './operations/list-uploads.ts';
import { createMultipartOperations } from './operations/multipart.ts';
import { createObjectTaggingOperations } from './operations/object-tagging.ts';
import { createPutObject } from './operations/put-object.ts';
import { createBucketProvider } from './resources/bucket.ts';
import { createBucketPolicyProvider } from './resources/bucket-policy.ts';

/** Amazon S3: general purpose buckets with versioning, multipart uploads, bucket policies and lifecycle rules. */
export const createS3Plugin: PluginFactory = (context) => {
  const buckets = new Buckets(context);
  const lifecycle = new Lifecycle(buckets);
  let sweep: Timer | undefined;
  const run = () => {
    lifecycle.run().catch((error: unknown) => {
      context.log('error', 'lifecycle rules could not be carried out', { reason: messageOf(error) });
    });
  };
  return {
    name: 's3',
    apis: [
      {
        service: 's3',
        signingName: 's3',
        protocol: 'restXml',
        schemas,
        operations: [
          ...createBucketOperations(buckets),
          ...createBucketSettingOperations(buckets),
          createPutObject(buckets),
          createGetObject(buckets),
          createHeadObject(buckets),
          createListObjectsV2(buckets),
          createListObjects(buckets),
          createListObjectVersions(buckets),
          createDeleteObject(buckets),
          createDeleteObjects(buckets),
          createCopyObject(buckets),
          ...createMultipartOperations(buckets),
          ...createListUploadOperations(buckets),
          ...createObjectTaggingOperations(buckets),
        ],
      },
    ],
    resources: [createBucketProvider(buckets), createBucketPolicyProvider(buckets)],
    async start() {
      await buckets.recover();
      buckets.notifications.resume();
      sweep = context.clock.every(LIFECYCLE_SWEEP_MS, run);
    },
    async stop() {
      sweep?.cancel();
      await lifecycle.idle();
      await buckets.notifications.stop();
    },
  };
};
