import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SQSClient } from '@aws-sdk/client-sqs';
import {
  type CampaignAnswer,
  type CampaignRecord,
  campaignRecordSchema,
  platformNames,
  waveJobId,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { FunctionError } from '../shared/errors.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { publishedKeySet, releaseTable } from '../shared/release-table.ts';
import { stateTable } from '../shared/state-table.ts';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import { lookAtCampaign } from './campaign-work.ts';
import { deviceTable } from './device-table.ts';
import { fleet } from './fleet.ts';
import { followCampaign } from './follow-campaign.ts';
import { judgeLook } from './judge-look.ts';
import { type CampaignOutput, campaignOutputSchema } from './model.ts';
import type { CampaignPorts } from './ports.ts';
import { campaignOrderSchema, environmentSchema, messageSchema } from './schema.ts';
import { takeOrder } from './take-order.ts';
import { waveJobs } from './wave-jobs.ts';

const environment = readEnvironment(environmentSchema);
const names = platformNames(environment.PROJECT, environment.STAGE);
const poll = environment.POLL_SECONDS * 1_000;
const iot = new IoTClient({});
const sqs = new SQSClient({});
const dynamo = new DynamoDBClient({});
const { releases } = releaseTable(dynamo, environment.RELEASE_TABLE);

const ports: CampaignPorts & TrackingPorts<CampaignRecord, CampaignOutput> = {
  ...fleet(iot, dataPlane(iot), names),
  ...deviceTable(dynamo, environment.DEVICE_TABLE),
  ...waveJobs(iot, {
    bucket: environment.FIRMWARE_BUCKET,
    region: environment.AWS_REGION,
    arnPrefix: environment.IOT_ARN_PREFIX,
    urlRoleArn: environment.URL_ROLE_ARN,
    urlSeconds: environment.URL_SECONDS,
    keySet: () => publishedKeySet(dynamo, environment.RELEASE_TABLE),
  }),
  ...stateTable({
    client: dynamo,
    tableName: environment.CAMPAIGN_TABLE,
    keyOf: (campaignId) => ({ campaignId }),
    state: campaignRecordSchema,
    output: campaignOutputSchema,
  }),
  now: Date.now,
  release: async (version) => (await releases.load(version))?.state,
  tell,
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
};

/** Serves its queue, and operators who invoke it with a `campaignOrderSchema`. */
export const handler = observed<unknown, QueueResponse | CampaignAnswer>(async (event) => {
  if (isQueueEvent(event)) return serveQueue(event);
  const order = campaignOrderSchema.safeParse(event);
  if (!order.success) return { ok: false, reason: 'INVALID', message: z.prettifyError(order.error) };
  const answer = await takeOrder(order.data, environment.CAMPAIGN_DEFAULTS, ports);
  logger.info('order', { ...order.data, ok: answer.ok });
  return answer;
});

async function serveQueue(event: QueueEvent): Promise<QueueResponse> {
  const failed = await handleByKey(event.Records, read, look, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
}

function read(body: string) {
  const message = messageSchema.parse(JSON.parse(body));
  return { key: message.key, message };
}

async function look(campaignId: string, message: z.infer<typeof messageSchema>): Promise<void> {
  const now = Date.now();
  const kept = await ports.load(campaignId);
  const verdict = judgeLook(kept?.dueAt, message.dueAt, now);
  if (verdict.kind === 'again') {
    await sendLook(sqs, environment.QUEUE_URL, campaignId, message.dueAt, message.dueAt - verdict.after);
    return;
  }
  // A look that is no longer expected still tells what an interrupted invocation left untold.
  const expected = verdict.kind === 'now' && kept !== undefined;
  if (expected && kept.outbox.length > 0) await advance(campaignId, () => undefined, ports);
  const event = expected ? await lookAtCampaign(kept.state, names.topicRoot, ports) : undefined;
  await advance(
    campaignId,
    (state, dueAt) =>
      state === undefined || event === undefined || dueAt !== message.dueAt
        ? undefined
        : (followCampaign(state, event, Date.now(), poll) ?? { state, outputs: [], dueAt: Date.now() + poll }),
    ports,
  );
}

async function tell(campaignId: string, output: CampaignOutput): Promise<void> {
  const campaign = (await ports.load(campaignId))?.state;
  if (campaign === undefined) throw new FunctionError('EVENT_INVALID', `there is no campaign ${campaignId}`);
  logger.info('campaign', { campaignId, version: campaign.version, output });
  switch (output.kind) {
    case 'start-job': {
      const release = await ports.release(campaign.version);
      if (release === undefined) throw new FunctionError('RELEASE_GONE', `there is no release ${campaign.version}`);
      const jobId = waveJobId(names.topicRoot, campaignId, output.wave, output.attempt);
      await ports.start(jobId, campaign, release);
      metrics.addMetric('wavesStarted', MetricUnit.Count, 1);
      return;
    }
    case 'cancel-jobs':
      for (const jobId of jobsOf(campaign, output.wave)) await ports.cancel(jobId, output.reason);
      return;
    case 'clean-up':
      for (const wave of campaign.waves.keys()) {
        for (const jobId of jobsOf(campaign, wave)) {
          await ports.removeGroup(jobId);
          await ports.removeTemplate(jobId);
        }
      }
      return;
    case 'ended':
      metrics.addMetric(output.status === 'succeeded' ? 'campaignsSucceeded' : 'campaignsStopped', MetricUnit.Count, 1);
      logger[output.status === 'succeeded' ? 'info' : 'warn']('campaign ended', { campaignId, ...output });
  }
}

function jobsOf(campaign: CampaignRecord, wave: number): string[] {
  const attempts = campaign.waves[wave]?.attempt ?? 0;
  return Array.from({ length: attempts }, (_, at) => waveJobId(names.topicRoot, campaign.campaignId, wave, at + 1));
}

function isQueueEvent(event: unknown): event is QueueEvent {
  return typeof event === 'object' && event !== null && 'Records' in event;
}
