import { setTimeout as pause } from 'node:timers/promises';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { ACMClient } from '@aws-sdk/client-acm';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { KMSClient } from '@aws-sdk/client-kms';
import { S3Client } from '@aws-sdk/client-s3';
import { SignerClient } from '@aws-sdk/client-signer';
import { SQSClient } from '@aws-sdk/client-sqs';
import { MANIFEST_FILE, uploadKey, uploadOfKey } from '@fleetwright/contracts';
import { namedEndpoint, readEnvironment } from '../shared/environment.ts';
import { messageOf } from '../shared/errors.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import type { QueueEvent, QueueResponse } from '../shared/queue-batch.ts';
import { releaseTable } from '../shared/release-table.ts';
import { firmwareFiles } from './firmware-files.ts';
import type { ManifestSigner, ReleasePorts } from './ports.ts';
import { processUpload, type UploadOutcome } from './process-upload.ts';
import { environmentSchema, type Message, messageSchema } from './schema.ts';
import { kmsSigner } from './sign-with-kms.ts';
import { awsSigner } from './sign-with-signer.ts';

const environment = readEnvironment(environmentSchema);
const sqs = new SQSClient({});
const files = firmwareFiles(
  new S3Client({ forcePathStyle: namedEndpoint() !== undefined }),
  environment.FIRMWARE_BUCKET,
);
const ports: ReleasePorts = {
  ...files,
  ...releaseTable(new DynamoDBClient({}), environment.RELEASE_TABLE),
  signer: signer(),
  now: Date.now,
};

/** ms until a signing job is asked for again */
const SIGNING_PAUSE = 3_000;
const COUNTED: Partial<Record<UploadOutcome, string>> = { READY: 'releasesReady', REFUSED: 'uploadsRefused' };

export const handler = observed<QueueEvent, QueueResponse>(async ({ Records: records }) => {
  const failed: { itemIdentifier: string }[] = [];
  for (const { body, messageId } of records) {
    try {
      for (const upload of uploadsOf(messageSchema.parse(JSON.parse(body)))) await process(upload);
    } catch (error) {
      logger.error('message left to the queue', { messageId, problem: messageOf(error) });
      failed.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures: failed };
});

interface Upload {
  readonly uploadId: string;
  readonly versionId: string;
}

function uploadsOf(message: Message): Upload[] {
  if ('Event' in message) return [];
  if ('key' in message) {
    const [uploadId = '', versionId = ''] = message.key.split('/');
    return [{ uploadId, versionId }];
  }
  return message.Records.flatMap(({ s3: { object } }) => {
    // "The object key name value is URL encoded", as forms are (S3 user guide, "Event message structure").
    const uploadId = uploadOfKey(decodeURIComponent(object.key.replaceAll('+', ' ')));
    return uploadId === undefined ? [] : [{ uploadId, versionId: object.versionId ?? '' }];
  });
}

async function process({ uploadId, versionId }: Upload): Promise<void> {
  const manifest = { key: uploadKey(uploadId, MANIFEST_FILE), versionId };
  const outcome = await processUpload(uploadId, manifest, { deviceTypes: environment.DEVICE_TYPES }, ports);
  logger.info('upload', { uploadId, outcome });
  const counted = COUNTED[outcome];
  if (counted !== undefined) metrics.addMetric(counted, MetricUnit.Count, 1);
  if (outcome !== 'SIGNING') return;
  const now = Date.now();
  await sendLook(sqs, environment.QUEUE_URL, `${uploadId}/${versionId}`, now + SIGNING_PAUSE, now);
}

function signer(): ManifestSigner {
  if (environment.SIGNING === 'kms') return kmsSigner(new KMSClient({}), environment.KMS_KEY_ID);
  const { CERTIFICATE_ARN: certificateArn, FIRMWARE_BUCKET: bucket, SIGNING_PROFILE: profileName } = environment;
  const settings = { profileName, certificateArn, bucket };
  return awsSigner(new SignerClient({}), new ACMClient({}), files, settings, pause);
}
