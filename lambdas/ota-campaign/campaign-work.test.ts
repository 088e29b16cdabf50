import { generateKeyPairSync, sign } from 'node:crypto';
import {
  type CampaignRecord,
  campaignSettingsSchema,
  type DeviceUpdate,
  jobDocumentSchema,
  type ReleaseRecord,
  updateProofText,
  waveJobId,
} from '@fleetwright/contracts';
import { updateJobDocument } from './build-job.ts';
import { lookAtCampaign } from './campaign-work.ts';
import { checkProof } from './check-proof.ts';
import { chooseWave } from './choose-wave.ts';
import { followCampaign } from './follow-campaign.ts';
import { type Candidate, exclusionOf } from './judge-device.ts';
import type { CampaignOutput } from './model.ts';
import type { CampaignPorts, ExecutionStatus } from './ports.ts';

const NONCE = 'ab'.repeat(16);
const ROOT = 'fleetwright-dev';
const NOW = 1_800_000_000_000;

const release: ReleaseRecord = {
  version: '1.1.0',
  state: 'ready',
  manifestSha256: 'f'.repeat(64),
  minimumVersion: '1.0.0',
  installableFrom: '1.0.0',
  deviceTypes: ['pump-station'],
  hardwareRevisions: ['rev-a'],
  issuedAt: NOW - 1,
  expiresAt: NOW + 86_400_000,
  image: { size: 1, sha256: 'e'.repeat(64) },
  deltas: [{ from: '1.0.0', size: 1 }],
  signatures: [{ keyId: 'k', algorithm: 'ECDSA_P256_SHA256', signature: 'AAAA' }],
  changedAt: NOW,
};

const settings = campaignSettingsSchema.parse({
  canary: { percent: 50, atLeast: 1 },
  waves: [100],
  successPercent: 100,
  healthPercent: 100,
  soakSeconds: 0,
  abort: { failurePercent: 100, minimumEnded: 9 },
  rollout: { maximumPerMinute: 10 },
  inProgressMinutes: 60,
  waveSeconds: 3_600,
  retries: 0,
  maintenanceWindows: [],
  unknownHardware: 'exclude',
  requireProof: true,
});

const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicKeyPem = keys.publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** A registry and jobs in memory: what is found out of it goes through the same rules as on AWS. */
class Fleet {
  readonly groups = new Map<string, Set<string>>();
  readonly jobs = new Map<string, { job: 'ACTIVE' | 'CANCELED'; executions: Map<string, ExecutionStatus> }>();
  readonly records = new Map<string, DeviceUpdate>();
  readonly sick = new Set<string>();
  readonly things: readonly Candidate[];
  campaign: CampaignRecord;
  now = NOW;

  constructor(things: readonly Candidate[]) {
    this.things = things;
    this.campaign = {
      campaignId: 'mwq31twm-bc2d',
      version: '1.1.0',
      manifestSha256: release.manifestSha256,
      settings,
      status: 'planning',
      releaseExpiresAt: release.expiresAt,
      planPage: 0,
      compatible: 0,
      canaries: 0,
      excluded: 0,
      waves: [],
      createdBy: 'test',
      createdAt: NOW,
      changedAt: NOW,
    };
  }

  readonly ports: CampaignPorts = {
    now: () => this.now,
    release: async () => release,
    search: async (_types, token) => {
      const at = Number(token ?? 0);
      const next = at + 2;
      return { devices: this.things.slice(at, next), token: next < this.things.length ? String(next) : undefined };
    },
    canaries: async () => new Set(),
    keysOf: async () => [publicKeyPem],
    isHealthy: async (thingName) => !this.sick.has(thingName),
    add: async (device) => {
      if (!this.records.has(device.thingName)) this.records.set(device.thingName, device);
    },
    put: async (device) => void this.records.set(device.thingName, device),
    list: async () => [...this.records.values()],
    makeGroup: async (group) => void this.groups.set(group, this.groups.get(group) ?? new Set()),
    removeGroup: async (group) => void this.groups.delete(group),
    addToGroup: async (group, thingName) => {
      this.groups.get(group)?.add(thingName);
      return true;
    },
    look: async (jobId) => {
      const found = this.jobs.get(jobId);
      return found === undefined ? undefined : { ...found, nonce: NONCE };
    },
    endOf: async (jobId, thingName) => detailsOf(jobId, thingName),
    start: async (jobId) => {
      const members = [...(this.groups.get(jobId) ?? [])];
      const executions = new Map(members.map((name) => [name, 'QUEUED' as ExecutionStatus]));
      this.jobs.set(jobId, { job: 'ACTIVE', executions });
    },
    cancel: async (jobId) => {
      const job = this.jobs.get(jobId);
      if (job === undefined) return;
      job.job = 'CANCELED';
      for (const [name, status] of job.executions) if (status === 'QUEUED') job.executions.set(name, 'CANCELED');
    },
    removeTemplate: async () => {},
  };

  async apply(step: { state: CampaignRecord; outputs: readonly CampaignOutput[] } | undefined): Promise<void> {
    if (step === undefined) return;
    this.campaign = step.state;
    for (const output of step.outputs) {
      if (output.kind === 'start-job')
        await this.ports.start(this.jobId(output.wave, output.attempt), this.campaign, release);
      if (output.kind === 'cancel-jobs') await this.ports.cancel(this.jobId(output.wave, 1), output.reason);
    }
  }

  async look(): Promise<void> {
    this.now += 1_000;
    const event = await lookAtCampaign(this.campaign, ROOT, this.ports);
    if (event !== undefined) await this.apply(followCampaign(this.campaign, event, this.now));
  }

  order(kind: 'pause' | 'resume'): Promise<void> {
    return this.apply(followCampaign(this.campaign, { kind }, this.now));
  }

  jobId(wave: number, attempt: number): string {
    return waveJobId(ROOT, this.campaign.campaignId, wave, attempt);
  }

  end(wave: number, attempt: number, status: ExecutionStatus, ...names: string[]): void {
    const { executions } = this.jobs.get(this.jobId(wave, attempt)) ?? { executions: new Map() };
    for (const name of names.length > 0 ? names : executions.keys()) executions.set(name, status);
  }
}

function detailsOf(jobId: string, thingName: string): Record<string, string> {
  const shown = { firmware: '1.1.0', slot: 'b', imageSha256: release.image.sha256 };
  const text = Buffer.from(updateProofText({ thingName, jobId, nonce: NONCE, ...shown }));
  return { ...shown, proof: sign('sha256', text, keys.privateKey).toString('base64') };
}

const thing = (thingName: string, over: Partial<Candidate> = {}): Candidate => ({
  thingName,
  state: 'active',
  hardwareRevision: 'rev-a',
  firmware: '1.0.0',
  ...over,
});

async function rolling(): Promise<Fleet> {
  const fleet = new Fleet(['a', 'b', 'c', 'd', 'e'].map((name) => thing(name)));
  for (let look = 0; look < 4; look++) await fleet.look();
  expect(fleet.campaign.waves.map(({ size, phase }) => [size, phase])).toEqual([
    [3, 'rolling'],
    [2, 'gathering'],
  ]);
  return fleet;
}

test('a campaign runs through its fleet, and no device is in two waves', async () => {
  const fleet = await rolling();
  fleet.end(0, 1, 'SUCCEEDED');
  for (let look = 0; look < 3; look++) await fleet.look();
  fleet.end(1, 1, 'SUCCEEDED');
  for (let look = 0; look < 2; look++) await fleet.look();
  expect(fleet.campaign.status).toBe('succeeded');
  expect([...fleet.records.values()].map(({ outcome, proof }) => [outcome, proof])).toEqual(
    Array(5).fill(['succeeded', 'valid']),
  );
  const [first, second] = [0, 1].map((wave) => [...(fleet.jobs.get(fleet.jobId(wave, 1))?.executions.keys() ?? [])]);
  expect(new Set([...(first ?? []), ...(second ?? [])]).size).toBe(5);
});

test('after a pause the next job is for those who had not begun, and for nobody else', async () => {
  const fleet = await rolling();
  const [one = '', two = '', three = ''] = [...(fleet.jobs.get(fleet.jobId(0, 1))?.executions.keys() ?? [])];
  fleet.end(0, 1, 'SUCCEEDED', one);
  fleet.end(0, 1, 'IN_PROGRESS', two);
  await fleet.order('pause');
  await fleet.look();
  expect(fleet.records.get(three)?.outcome).toBe('waiting');
  await fleet.order('resume');
  for (let look = 0; look < 2; look++) await fleet.look();
  expect([...(fleet.jobs.get(fleet.jobId(0, 2))?.executions.keys() ?? [])]).toEqual([three]);
  fleet.end(0, 1, 'SUCCEEDED', two);
  fleet.end(0, 2, 'SUCCEEDED');
  await fleet.look();
  expect(fleet.campaign.waves[0]).toMatchObject({ phase: 'soaking', attempt: 2, counts: { succeeded: 3, missed: 0 } });
});

test('a job that somebody deleted stops the campaign, and leaves nobody open', async () => {
  const fleet = await rolling();
  fleet.jobs.clear();
  for (let look = 0; look < 2; look++) await fleet.look();
  expect(fleet.campaign).toMatchObject({ status: 'stopped', reason: 'JOB_CANCELED' });
  expect(fleet.campaign.waves[0]).toMatchObject({ phase: 'failed', counts: { missed: 3 } });
});

test('a sick device after the soak keeps the next wave from beginning', async () => {
  const fleet = await rolling();
  fleet.end(0, 1, 'SUCCEEDED');
  fleet.sick.add([...(fleet.jobs.get(fleet.jobId(0, 1))?.executions.keys() ?? [])][0] as string);
  for (let look = 0; look < 3; look++) await fleet.look();
  expect(fleet.campaign).toMatchObject({ status: 'stopped', reason: 'HEALTH_TOO_LOW' });
  expect(fleet.jobs.size).toBe(1);
});

test.each<[string, Partial<Candidate>, string | undefined]>([
  ['an older one', {}, undefined],
  ['one whose firmware nobody knows', { firmware: undefined }, undefined],
  ['one with another scheme of versions', { firmware: 'build-77' }, undefined],
  ['the same version', { firmware: '1.1.0' }, 'ALREADY_RUNS'],
  ['a newer version', { firmware: '1.10.0' }, 'NEWER'],
  ['one below the step that cannot be left out', { firmware: '0.9.9' }, 'NOT_INSTALLABLE_FROM'],
  ['other hardware', { hardwareRevision: 'rev-b' }, 'WRONG_HARDWARE'],
  ['unknown hardware', { hardwareRevision: undefined }, 'HARDWARE_UNKNOWN'],
  ['scrap', { state: 'decommissioned' }, 'DECOMMISSIONED'],
])('a device with %s: %p is left out for %p', (_what, over, reason) => {
  expect(exclusionOf(thing('a', over), release, { unknownHardware: 'exclude' })).toBe(reason);
});

test('unknown hardware is asked where the campaign says so', () => {
  const unknown = thing('a', { hardwareRevision: undefined });
  expect(exclusionOf(unknown, release, { unknownHardware: 'include' })).toBeUndefined();
});

test('who goes first is drawn anew for each campaign, and the same whenever it is drawn', () => {
  const devices = (campaignId: string): DeviceUpdate[] =>
    Array.from({ length: 50 }, (_, at) => ({
      campaignId,
      thingName: `t${at}`,
      version: '1.1.0',
      outcome: 'waiting',
      canary: at < 3,
      changedAt: 0,
    }));
  const draw = (campaignId: string, canariesOnly = false) =>
    chooseWave(devices(campaignId), { index: 0, size: 5, canariesOnly }).map(({ thingName }) => thingName);
  expect(draw('one')).toEqual(draw('one'));
  expect(draw('one')).not.toEqual(draw('two'));
  expect(draw('one', true).sort()).toEqual(['t0', 't1', 't2']);
});

test('a proof counts for its thing, its job and its nonce alone', () => {
  const details = detailsOf('job', 'a');
  const job = { thingName: 'a', jobId: 'job', nonce: NONCE };
  expect(checkProof(details, job, [publicKeyPem])).toBe('valid');
  for (const other of [{ thingName: 'b' }, { jobId: 'other' }, { nonce: '0'.repeat(32) }]) {
    expect(checkProof(details, { ...job, ...other }, [publicKeyPem])).toBe('invalid');
  }
  expect(checkProof({ ...details, firmware: '9.9.9' }, job, [publicKeyPem])).toBe('invalid');
  expect(checkProof(details, job, [])).toBe('invalid');
  expect(checkProof(details, job, ['no key'])).toBe('invalid');
  expect(checkProof({ ...details, proof: undefined }, job, [publicKeyPem])).toBe('missing');
});

test('the document of a job is one of the contract once AWS IoT has filled in its URLs', () => {
  const place = { bucket: 'firmware', region: 'us-east-1' };
  const fleet = new Fleet([]);
  const text = updateJobDocument(fleet.campaign, release, place, { nonce: NONCE, now: NOW });
  const base = `https://s3.us-east-1.amazonaws.com/firmware/releases/1.1.0/${release.manifestSha256}`;
  expect(text).toContain(`\${aws:iot:s3-presigned-url:${base}/image.bin}`);
  const filled = jobDocumentSchema.parse(JSON.parse(text.replace(/\$\{[^}]*\}/g, 'https://presigned')));
  expect(filled).toMatchObject({ operation: 'update', nonce: NONCE, deltas: [{ from: '1.0.0' }] });
  // No device begins once the wave is over, though the release lives on.
  expect(filled.expiresAt).toBe(NOW + 3_600_000);
});
