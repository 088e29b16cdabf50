import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type CampaignRecord, FINAL_CAMPAIGN_STATUSES } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';
import { type StageClients, withClients } from '../operator/clients.ts';
import { openStage, type StageOptions } from '../operator/stage.ts';
import { stageOutputs, stageStacks } from '../operator/stage-stacks.ts';
import { type CampaignOptions, readCampaignOptions } from '../ota/campaign-options.ts';
import { FirmwareTables, TABLE_OUTPUTS } from '../ota/firmware-tables.ts';
import { newCampaignId, orderCampaign } from '../ota/order-campaign.ts';
import { describeCampaign } from '../ota/show-campaign.ts';
import { formatTable } from '../output/table.ts';
import { withDevice } from '../twin/with-device.ts';

export interface OtaOptions extends StageOptions {
  readonly json?: boolean;
}

const POLL = 1_000;

interface OtaInHand {
  readonly clients: StageClients;
  readonly tables: FirmwareTables;
  readonly functionName: string;
}

async function withOta(options: OtaOptions, work: (ota: OtaInHand) => Promise<void>): Promise<void> {
  const stage = openStage(options);
  await withClients(stage, async (clients) => {
    const outputs = stageOutputs(await stageStacks(clients.cloudFormation, stage), stage, [
      ...TABLE_OUTPUTS,
      'CampaignFunctionName',
    ]);
    const tables = new FirmwareTables(clients.of(DynamoDBClient), outputs);
    await work({ clients, tables, functionName: outputs.CampaignFunctionName });
  });
}

/** `fleetwright ota start`: begins a campaign with what is released already. */
export function otaStart(version: string, options: OtaOptions & CampaignOptions): Promise<void> {
  const settings = readCampaignOptions(options);
  return withOta(options, async ({ clients, functionName }) => {
    const campaignId = newCampaignId(Date.now());
    const campaign = await orderCampaign(clients, functionName, { order: 'create', campaignId, version, settings });
    process.stdout.write(options.json === true ? `${JSON.stringify(campaign)}\n` : `${campaign.campaignId}\n`);
  });
}

/** `fleetwright ota pause|resume|abort`. */
export function otaOrder(order: 'pause' | 'resume' | 'abort', campaignId: string, options: OtaOptions): Promise<void> {
  return withOta(options, async ({ clients, functionName }) => {
    const campaign = await orderCampaign(clients, functionName, { order, campaignId });
    if (options.json === true) process.stdout.write(`${JSON.stringify(campaign)}\n`);
    else process.stderr.write(`${campaignId} is ${campaign.status}\n`);
  });
}

export interface OtaStatusOptions extends OtaOptions {
  /** Look again until the campaign has ended or is paused; exit code 1 unless it succeeded. */
  readonly wait?: boolean;
}

/** `fleetwright ota status`: one campaign, or releases, refused uploads and campaigns. */
export function otaStatus(campaignId: string | undefined, options: OtaStatusOptions): Promise<void> {
  return withOta(options, async ({ tables }) => {
    if (campaignId === undefined) return showAll(tables, options.json === true);
    const campaign = await seen(tables, campaignId, options.wait === true);
    const devices = await tables.devices(campaignId);
    process.stdout.write(
      options.json === true
        ? `${JSON.stringify({ ...campaign, devices })}\n`
        : `${describeCampaign(campaign, devices)}\n`,
    );
    if (options.wait === true && campaign.status !== 'succeeded') process.exitCode = 1;
  });
}

async function seen(tables: FirmwareTables, campaignId: string, wait: boolean): Promise<CampaignRecord> {
  for (;;) {
    const campaign = await tables.campaign(campaignId);
    if (campaign === undefined)
      throw new Failure(`there is no campaign ${campaignId}; \`fleetwright ota status\` shows all`);
    const over = FINAL_CAMPAIGN_STATUSES.has(campaign.status) || campaign.status === 'paused';
    if (!wait || over) return campaign;
    await pause(POLL);
  }
}

async function showAll(tables: FirmwareTables, json: boolean): Promise<void> {
  const [releases, refusals, campaigns] = await Promise.all([tables.releases(), tables.refusals(), tables.campaigns()]);
  if (json) {
    for (const release of releases) process.stdout.write(`${JSON.stringify({ kind: 'release', ...release })}\n`);
    for (const upload of refusals) process.stdout.write(`${JSON.stringify({ kind: 'refusal', ...upload })}\n`);
    for (const campaign of campaigns) process.stdout.write(`${JSON.stringify({ kind: 'campaign', ...campaign })}\n`);
    return;
  }
  const time = (at: number): string => new Date(at).toISOString();
  const table = (columns: string[], rows: (string | null)[][]): void => {
    if (rows.length > 0) process.stdout.write(`${formatTable({ columns, rows })}\n\n`);
  };
  table(
    ['release', 'state', 'bytes', 'hardware', 'deltas from', 'expires'],
    releases.map((release) => [
      release.version,
      release.state,
      String(release.image.size),
      release.hardwareRevisions.join(','),
      release.deltas.map(({ from }) => from).join(',') || null,
      time(release.expiresAt),
    ]),
  );
  table(
    ['refused upload', 'version', 'reason', 'detail'],
    refusals.map(({ refusal, uploadId, version }) => [
      uploadId,
      version ?? null,
      refusal?.code ?? null,
      refusal?.detail.split('\n')[0] ?? null,
    ]),
  );
  table(
    ['campaign', 'firmware', 'status', 'reason', 'devices', 'begun'],
    campaigns
      .sort((left, right) => left.createdAt - right.createdAt)
      .map(({ campaignId, compatible, createdAt, reason, status, version }) => [
        campaignId,
        version,
        status,
        reason ?? null,
        String(compatible),
        time(createdAt),
      ]),
  );
}

/** `fleetwright ota history`: what campaigns meant for one device, the newest first. */
export function otaHistory(name: string, options: OtaOptions): Promise<void> {
  return withDevice(name, options, TABLE_OUTPUTS, async ({ clients, outputs, thingName }) => {
    const history = await new FirmwareTables(clients.of(DynamoDBClient), outputs).history(thingName);
    history.reverse();
    if (options.json === true) {
      for (const entry of history) process.stdout.write(`${JSON.stringify(entry)}\n`);
      return;
    }
    const rows = history.map(({ campaignId, changedAt, firmware, outcome, proof, reason, version, wave }) => [
      campaignId,
      version,
      wave === undefined ? null : wave === 0 ? 'canary' : String(wave),
      outcome,
      reason ?? null,
      firmware ?? null,
      proof ?? null,
      new Date(changedAt).toISOString(),
    ]);
    const columns = ['campaign', 'firmware', 'wave', 'outcome', 'reason', 'runs', 'proof', 'changed'];
    process.stdout.write(`${formatTable({ columns, rows })}\n`);
  });
}
