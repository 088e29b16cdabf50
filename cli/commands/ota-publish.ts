import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import {
  deltaFile,
  type FirmwareManifest,
  firmwareManifestSchema,
  IMAGE_FILE,
  MANIFEST_FILE,
  releaseKey,
  type UploadRecord,
  uploadKey,
} from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure, messageOf } from '../failure.ts';
import { withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { type BuiltDelta, buildDelta } from '../ota/build-delta.ts';
import { type CampaignOptions, readCampaignOptions } from '../ota/campaign-options.ts';
import { canonicalJson } from '../ota/canonical-json.ts';
import { describePayload } from '../ota/describe-payload.ts';
import { seconds } from '../ota/duration.ts';
import { FirmwareTables, TABLE_OUTPUTS } from '../ota/firmware-tables.ts';
import { newCampaignId, orderCampaign } from '../ota/order-campaign.ts';

export interface OtaPublishOptions extends StageOptions, CampaignOptions {
  readonly hardware: string;
  readonly deviceTypes?: string;
  readonly minimum?: string;
  readonly installableFrom?: string;
  readonly from?: readonly string[];
  readonly expires: string;
  readonly chunkSize?: number;
  /** False: the release is made, and no campaign. */
  readonly campaign: boolean;
  readonly json?: boolean;
}

const POLL = 500;
/** ms that check and signature may take: a large image streams through a function, and may wait for another. */
const PATIENCE = 1_800_000;

/** `fleetwright ota publish`: manifest and deltas are made here, checked and signed there; then a campaign begins. */
export async function otaPublish(version: string, imageFile: string, options: OtaPublishOptions): Promise<void> {
  const settings = readCampaignOptions(options);
  const image = readImage(imageFile);
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const outputs = stageOutputs(await stageStacks(clients.cloudFormation, stage), stage, [
      ...TABLE_OUTPUTS,
      'FirmwareBucketName',
      'CampaignFunctionName',
      'DeviceTypes',
    ]);
    const say = (text: string): void => {
      if (options.json !== true) process.stderr.write(`${text}\n`);
    };
    const tables = new FirmwareTables(clients.of(DynamoDBClient), outputs);
    const s3 = clients.s3();
    const bucket = outputs.FirmwareBucketName;
    const deltas: BuiltDelta[] = [];
    for (const from of options.from ?? []) {
      const built = buildDelta(from, await baseImage(s3, bucket, tables, from), image);
      if ('skipped' in built) say(`no delta from ${from}: ${built.skipped}`);
      else deltas.push(built);
    }
    const manifest = buildManifest(version, image, deltas, outputs.DeviceTypes.split(','), options);
    const uploadId = `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;
    const put = (file: string, Body: Buffer) =>
      s3.send(new PutObjectCommand({ Bucket: bucket, Key: uploadKey(uploadId, file), Body }));
    await put(IMAGE_FILE, image);
    for (const { about, bytes } of deltas) {
      await put(deltaFile(about.from), bytes);
      say(`delta from ${about.from}: ${bytes.length} bytes of ${image.length}`);
    }
    // Last: it is what starts the check.
    await put(MANIFEST_FILE, canonicalJson(manifest));
    say(`uploaded ${uploadId}; it is being checked and signed`);
    const { manifestSha256 } = await settled(tables, uploadId);
    say(`released ${version}`);
    const released = { version, manifestSha256, uploadId };
    if (!options.campaign) {
      if (options.json === true) process.stdout.write(`${JSON.stringify(released)}\n`);
      return;
    }
    const campaign = await orderCampaign(clients, outputs.CampaignFunctionName, {
      order: 'create',
      campaignId: newCampaignId(Date.now()),
      version,
      settings,
    });
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ...released, campaignId: campaign.campaignId })}\n`
        : `${campaign.campaignId}\n`,
    );
  });
}

/** @throws Failure with everything that is wrong */
function buildManifest(
  version: string,
  image: Buffer,
  deltas: readonly BuiltDelta[],
  allDeviceTypes: readonly string[],
  options: OtaPublishOptions,
): FirmwareManifest {
  const issuedAt = Date.now();
  const manifest = {
    format: 1,
    version,
    minimumVersion: options.minimum ?? '0.0.0',
    ...(options.installableFrom !== undefined && { installableFrom: options.installableFrom }),
    deviceTypes: options.deviceTypes?.split(',') ?? allDeviceTypes,
    hardwareRevisions: options.hardware.split(','),
    issuedAt,
    expiresAt: issuedAt + seconds('--expires', options.expires) * 1_000,
    image: describePayload(image, options.chunkSize),
    deltas: deltas.map(({ about }) => about),
  };
  const parsed = firmwareManifestSchema.safeParse(manifest);
  if (!parsed.success) throw new Failure(z.prettifyError(parsed.error));
  return parsed.data;
}

async function baseImage(s3: S3Client, Bucket: string, tables: FirmwareTables, version: string): Promise<Buffer> {
  const release = await tables.release(version);
  if (release?.state !== 'ready') throw new Failure(`${version} was never released, so there is no delta from it`);
  const Key = releaseKey(version, release.manifestSha256, IMAGE_FILE);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Buffer.from((await Body?.transformToByteArray()) ?? []);
}

/** @throws Failure when the upload was refused, or nobody has looked at it */
async function settled(tables: FirmwareTables, uploadId: string): Promise<UploadRecord> {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const upload = await tables.upload(uploadId);
    if (upload?.state === 'ready') return upload;
    if (upload?.state === 'refused') {
      throw new Failure(`refused: ${upload.refusal?.code ?? 'UNKNOWN'}: ${upload.refusal?.detail ?? ''}`);
    }
    if (Date.now() > deadline) {
      throw new Failure(`the upload ${uploadId} was not looked at: is ota-release running? See its dead letters`);
    }
    await pause(POLL);
  }
}

function readImage(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${messageOf(error)}`);
  }
}
