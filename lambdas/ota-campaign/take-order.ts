import {
  type CampaignAnswer,
  type CampaignOrder,
  type CampaignRecord,
  type CampaignSettings,
  campaignSettingsSchema,
  type ReleaseRecord,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import { followCampaign } from './follow-campaign.ts';
import { type CampaignOutput, SOON } from './model.ts';

export interface OrderPorts extends TrackingPorts<CampaignRecord, CampaignOutput> {
  now(): number;
  release(version: string): Promise<ReleaseRecord | undefined>;
}

type Refusal = Extract<CampaignAnswer, { ok: false }>;

const refused = (reason: Refusal['reason'], message: string): Refusal => ({ ok: false, reason, message });

/** Does what an operator asks for. An order that has been carried out already is fine. */
export async function takeOrder(
  order: CampaignOrder,
  defaults: CampaignSettings,
  ports: OrderPorts,
): Promise<CampaignAnswer> {
  const { campaignId } = order;
  if (order.order === 'create') {
    const made = await newCampaign(order, defaults, ports);
    if (!('state' in made)) return made;
    await advance(
      campaignId,
      (state) => (state === undefined ? { state: made.state, outputs: [], dueAt: ports.now() + SOON } : undefined),
      ports,
    );
  } else {
    const before = await ports.load(campaignId);
    if (before === undefined) return refused('UNKNOWN_CAMPAIGN', `there is no campaign ${campaignId}`);
    await advance(
      campaignId,
      (state) => (state === undefined ? undefined : followCampaign(state, { kind: order.order }, ports.now())),
      ports,
    );
  }
  const after = await ports.load(campaignId);
  if (after === undefined) return refused('UNKNOWN_CAMPAIGN', `there is no campaign ${campaignId}`);
  const { status } = after.state;
  const wanted = WANTED[order.order];
  return wanted === undefined || wanted.includes(status)
    ? { ok: true, campaign: after.state }
    : refused('NOT_POSSIBLE', `the campaign ${campaignId} is ${status}`);
}

/** Statuses that show that an order was carried out, now or before. */
const WANTED: Partial<Record<CampaignOrder['order'], readonly string[]>> = {
  pause: ['paused'],
  resume: ['planning', 'running'],
  abort: ['aborted'],
};

async function newCampaign(
  order: Extract<CampaignOrder, { order: 'create' }>,
  defaults: CampaignSettings,
  ports: OrderPorts,
): Promise<{ state: CampaignRecord } | Refusal> {
  const release = await ports.release(order.version);
  if (release?.state !== 'ready') {
    return refused('UNKNOWN_RELEASE', `${order.version} is not released; publish it first`);
  }
  const now = ports.now();
  if (now >= release.expiresAt) {
    return refused('NOT_POSSIBLE', `${order.version} expired at ${new Date(release.expiresAt).toISOString()}`);
  }
  const settings = campaignSettingsSchema.safeParse({ ...defaults, ...order.settings });
  if (!settings.success) return refused('INVALID', z.prettifyError(settings.error));
  return {
    state: {
      campaignId: order.campaignId,
      version: order.version,
      manifestSha256: release.manifestSha256,
      settings: settings.data,
      status: 'planning',
      releaseExpiresAt: release.expiresAt,
      planPage: 0,
      compatible: 0,
      canaries: 0,
      excluded: 0,
      waves: [],
      createdBy: order.by,
      createdAt: now,
      changedAt: now,
    },
  };
}
