import { z } from 'zod';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

/** Canned ACLs of the IoT API (`CannedAccessControlList`). */
const CANNED_ACLS = [
  'private',
  'public-read',
  'public-read-write',
  'aws-exec-read',
  'authenticated-read',
  'bucket-owner-read',
  'bucket-owner-full-control',
  'log-delivery-write',
] as const;

const schema = z.strictObject({
  roleArn: roleArnSchema,
  bucketName: z.string().min(1),
  key: z.string().min(1),
  cannedAcl: z.enum(CANNED_ACLS).optional(),
});

/** "S3": one object per message, binary payloads as they came. */
export const s3Action: ActionKind = {
  kind: 's3',
  compile(parameters, site) {
    const { roleArn, bucketName, key, cannedAcl } = readParameters(schema, parameters, site);
    const bucketTemplate = site.template('bucketName', bucketName);
    const keyTemplate = site.template('key', key);
    return {
      failedAction: 'S3Action',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to put S3 object.',
      async run(work) {
        await site.api.call(site.role(roleArn), 's3', 'PutObject', {
          Bucket: work.render(bucketTemplate),
          Key: work.render(keyTemplate),
          Body: work.bytes,
          ...(cannedAcl === undefined ? {} : { ACL: cannedAcl }),
        });
      },
      resource: (work) => work.render(bucketTemplate),
      describe: (work) => `Action: s3, Bucket: ${work.render(bucketTemplate)}, Key: "${work.render(keyTemplate)}"`,
    };
  },
};
