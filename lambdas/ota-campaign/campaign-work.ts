import { type CampaignRecord, type DeviceUpdate, waveJobId } from '@fleetwright/contracts';
import { FunctionError } from '../shared/errors.ts';
import { inParallel } from '../shared/in-parallel.ts';
import { chooseWave, inDrawnOrder } from './choose-wave.ts';
import { exclusionOf } from './judge-device.ts';
import type { CampaignEvent } from './model.ts';
import type { CampaignPorts, ExecutionStatus, WaveJob } from './ports.ts';
import { type EndedExecution, settleDevice } from './settle-device.ts';
import { currentWave, isOver } from './waves.ts';

/** Calls of the registry under way at once; AWS IoT throttles an account. */
const WIDTH = 8;
/** What one look does at most, so that it ends well within the function's time. */
const PER_LOOK = 200;
/** Devices whose health is asked for after a wave; of more, a draw. */
const HEALTH_SAMPLE = 200;

const ENDED: ReadonlySet<ExecutionStatus> = new Set([
  'SUCCEEDED',
  'FAILED',
  'REJECTED',
  'TIMED_OUT',
  'REMOVED',
  'CANCELED',
]);

/** A job is made before anybody looks for it, so one that is not there was deleted by somebody. */
const DELETED: WaveJob = { job: 'CANCELED', nonce: '', executions: new Map() };

/** Finds out what the campaign waits for. Undefined: it waits for nothing but an order. */
export async function lookAtCampaign(
  campaign: CampaignRecord,
  topicRoot: string,
  ports: CampaignPorts,
): Promise<CampaignEvent | undefined> {
  const current = currentWave(campaign);
  const phase = current?.wave.phase;
  if (phase === 'rolling' || phase === 'closing') return observe(campaign, topicRoot, ports);
  if (isOver(campaign) || campaign.status === 'paused') return undefined;
  if (campaign.waves.length === 0) return search(campaign, ports);
  if (phase === 'gathering') return gather(campaign, topicRoot, ports);
  if (phase === 'soaking') return askHealth(campaign, ports);
  return undefined;
}

async function search(campaign: CampaignRecord, ports: CampaignPorts): Promise<CampaignEvent> {
  const { campaignId, planPage, planToken, settings, version } = campaign;
  const release = await releaseOf(campaign, ports);
  const { devices, token } = await ports.search(release.deviceTypes, planToken);
  const members = settings.canary.group === undefined ? undefined : await ports.canaries(settings.canary.group);
  let compatible = 0;
  let canaries = 0;
  await inParallel(devices, WIDTH, async (device) => {
    const reason = exclusionOf(device, release, settings);
    const canary = reason === undefined && members?.has(device.thingName) === true;
    await ports.add({
      campaignId,
      thingName: device.thingName,
      version,
      outcome: reason === undefined ? 'waiting' : 'excluded',
      canary,
      ...(reason !== undefined && { reason }),
      ...(device.firmware !== undefined && { firmware: device.firmware }),
      changedAt: ports.now(),
    });
    if (reason === undefined) compatible++;
    if (canary) canaries++;
  });
  return { kind: 'searched', page: planPage, token, compatible, canaries, excluded: devices.length - compatible };
}

async function gather(campaign: CampaignRecord, topicRoot: string, ports: CampaignPorts): Promise<CampaignEvent> {
  const { index, wave } = currentWave(campaign) as NonNullable<ReturnType<typeof currentWave>>;
  const { campaignId, settings } = campaign;
  const jobId = waveJobId(topicRoot, campaignId, index, wave.attempt);
  const canariesOnly = index === 0 && settings.canary.group !== undefined;
  const chosen = chooseWave(await ports.list(campaignId), { index, size: wave.size, canariesOnly });
  // A thing has room for few groups; the job of the attempt before has made its executions.
  if (wave.attempt > 1) await ports.removeGroup(waveJobId(topicRoot, campaignId, index, wave.attempt - 1));
  await ports.makeGroup(jobId);
  const waiting = chosen.filter(({ outcome }) => outcome === 'waiting');
  let sent = chosen.filter((device) => device.outcome === 'sent' && device.jobId === jobId).length;
  await inParallel(waiting.slice(0, PER_LOOK), WIDTH, async (device) => {
    const there = await ports.addToGroup(jobId, device.thingName);
    const next: DeviceUpdate = { ...device, wave: index, jobId, changedAt: ports.now() };
    await ports.put(there ? { ...next, outcome: 'sent' } : { ...next, outcome: 'missed', reason: 'GONE' });
    if (there) sent++;
  });
  const complete = waiting.length <= PER_LOOK;
  return { kind: 'gathered', wave: index, attempt: wave.attempt, devices: sent, complete };
}

async function observe(campaign: CampaignRecord, topicRoot: string, ports: CampaignPorts): Promise<CampaignEvent> {
  const { index, wave } = currentWave(campaign) as NonNullable<ReturnType<typeof currentWave>>;
  const { campaignId, settings } = campaign;
  const release = await releaseOf(campaign, ports);
  const devices = (await ports.list(campaignId)).filter((device) => device.wave === index);
  // After a pause, those that have not begun wait for the next job; in any other case they have had their chance.
  const mayComeBack = !isOver(campaign) && (campaign.status === 'paused' || wave.reopening === true);
  let job: Extract<CampaignEvent, { kind: 'observed' }>['job'] = 'ACTIVE';
  let left = PER_LOOK;
  const changed = new Map<string, DeviceUpdate>();
  for (let attempt = 1; attempt <= wave.attempt; attempt++) {
    const jobId = waveJobId(topicRoot, campaignId, index, attempt);
    const own = devices.filter((device) => device.outcome === 'sent' && device.jobId === jobId);
    if (own.length === 0 && attempt < wave.attempt) continue;
    const seen = (await ports.look(jobId)) ?? DELETED;
    if (attempt === wave.attempt) job = seen.job;
    const over = seen.job !== 'ACTIVE';
    const settling = own.flatMap((device) => {
      const status = seen.executions.get(device.thingName);
      // A job that was canceled never reached some; of one that is complete, those without an execution are gone.
      if (status === undefined) {
        return over ? [[device, seen.job === 'COMPLETED' ? 'REMOVED' : 'CANCELED'] as const] : [];
      }
      return ENDED.has(status) ? [[device, status as EndedExecution['status']] as const] : [];
    });
    await inParallel(settling.slice(0, left), WIDTH, async ([device, status]) => {
      const { thingName } = device;
      const next =
        status === 'CANCELED' && mayComeBack
          ? { ...device, outcome: 'waiting' as const, changedAt: ports.now() }
          : settleDevice(
              device,
              { status, details: await detailsOf(ports, jobId, thingName, status) },
              {
                jobId,
                nonce: seen.nonce,
                release,
                requireProof: settings.requireProof,
                publicKeysPem: status === 'REMOVED' ? [] : await ports.keysOf(thingName),
                now: ports.now(),
              },
            );
      await ports.put(next);
      changed.set(thingName, next);
    });
    left = Math.max(0, left - settling.length);
    if (left === 0) break;
  }
  const now = devices.map((device) => changed.get(device.thingName) ?? device);
  const count = (outcome: DeviceUpdate['outcome']) => now.filter((device) => device.outcome === outcome).length;
  return {
    kind: 'observed',
    wave: index,
    attempt: wave.attempt,
    job,
    counts: { succeeded: count('succeeded'), failed: count('failed'), missed: count('missed') },
    open: count('sent'),
    more: left === 0,
  };
}

async function askHealth(campaign: CampaignRecord, ports: CampaignPorts): Promise<CampaignEvent> {
  const { index, wave } = currentWave(campaign) as NonNullable<ReturnType<typeof currentWave>>;
  const devices = await ports.list(campaign.campaignId);
  const sample = inDrawnOrder(
    devices.filter((device) => device.wave === index && device.outcome === 'succeeded'),
  ).slice(0, HEALTH_SAMPLE);
  let healthy = 0;
  await inParallel(sample, WIDTH, async ({ thingName }) => {
    if (await ports.isHealthy(thingName, campaign.version)) healthy++;
  });
  return { kind: 'health', wave: index, attempt: wave.attempt, checked: sample.length, healthy };
}

async function detailsOf(
  ports: CampaignPorts,
  jobId: string,
  thingName: string,
  status: EndedExecution['status'],
): Promise<EndedExecution['details']> {
  return status === 'REMOVED' || status === 'CANCELED' ? {} : ports.endOf(jobId, thingName);
}

/** @throws FunctionError `RELEASE_GONE`: a release is never removed while a campaign needs it */
async function releaseOf({ version, manifestSha256 }: CampaignRecord, ports: CampaignPorts) {
  const release = await ports.release(version);
  if (release?.manifestSha256 === manifestSha256) return release;
  throw new FunctionError('RELEASE_GONE', `the release ${version} is no longer what the campaign was made for`);
}
