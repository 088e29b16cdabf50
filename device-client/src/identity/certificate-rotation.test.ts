import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IdentityStore } from './identity-store.ts';
import { CrashingState } from './testing/crashing-state.ts';
import { HandClock, RotationPlatform, RotationProcess } from './testing/rotation-world.ts';

const configuration = {
  topicRoot: 'fleetwright-dev',
  site: 'north',
  deviceType: 'pump',
  telemetryRule: 'rule',
  eventRule: 'event',
};
const REQUEST = 'ab'.repeat(16);
/** Turns of a second: more than all waits of a rotation together. */
const TURNS = 8_000;

async function provisionedDirectory(): Promise<string> {
  const path = mkdtempSync(join(tmpdir(), 'fleetwright-rotation-'));
  const store = new IdentityStore(new CrashingState(path));
  await store.firstKey();
  store.save({ thingName: 'pump-1', certificateId: 'first', certificatePem: 'PEM of first', configuration });
  return path;
}

async function world(prepare: (platform: RotationPlatform) => void = () => {}) {
  const clock = new HandClock();
  const platform = new RotationPlatform(clock);
  prepare(platform);
  return { clock, platform, path: await provisionedDirectory() };
}

/** Drives a process until its rotation has ended and it is connected. */
async function drive(process: RotationProcess, isOver = (): boolean => process.rotation.record.phase === 'idle') {
  for (let turn = 0; turn < TURNS; turn++) {
    if (isOver() && process.session?.link.connected === true) return;
    await process.turn();
  }
  throw new Error(`not over: ${JSON.stringify(process.rotation.record)}`);
}

async function rotate(path: string, platform: RotationPlatform, clock: HandClock) {
  const process = new RotationProcess(new CrashingState(path), platform, clock);
  await process.start();
  void process.rotation.rotate('asked', REQUEST).catch(() => {});
  await drive(process, () => process.rotation.record.phase === 'idle' && process.rotation.record.last !== undefined);
  return process;
}

const keysOn = (path: string) =>
  new CrashingState(path)
    .list()
    .filter((file) => file.endsWith('.pem'))
    .sort();

test('a rotation ends with another key and certificate, and nothing of the old ones on disk', async () => {
  const { clock, path, platform } = await world();
  const before = keysOn(path);
  const process = await rotate(path, platform, clock);
  const own = process.identities.record();
  expect(process.rotation.record).toMatchObject({ phase: 'idle', last: { requestId: REQUEST, result: 'completed' } });
  expect([...platform.active]).toEqual([own?.certificateId]);
  expect(process.session?.identity.certificateId).toBe(own?.certificateId);
  expect(keysOn(path)).toHaveLength(2);
  expect(keysOn(path).some((file) => before.includes(file))).toBe(false);
  // The same order again is the same rotation.
  expect(await process.rotation.rotate('asked', REQUEST)).toMatchObject({ result: 'completed' });
  expect(process.identities.record()).toEqual(own);
});

test('a rotation that is killed at any of its writes goes on there; the device never lacks a certificate that works', async () => {
  const { clock, path, platform } = await world();
  const counted = new CrashingState(path);
  const whole = new RotationProcess(counted, platform, clock);
  await whole.start();
  void whole.rotation.rotate('asked', REQUEST);
  await drive(whole, () => whole.rotation.record.phase === 'idle' && whole.rotation.record.last !== undefined);
  const points: string[] = [];
  for (let stopAt = 0; stopAt < counted.writes; stopAt++) {
    for (const after of [false, true]) {
      for (const lost of [0, 3]) {
        const at = await world((made) => {
          made.loseAnswers = lost;
        });
        const state = new CrashingState(at.path, stopAt, after);
        const dying = new RotationProcess(state, at.platform, at.clock);
        await dying.start();
        dying.rotation.rotate('asked', REQUEST).catch(() => {});
        for (let turn = 0; turn < TURNS && !state.dead; turn++) await dying.turn();
        expect(state.dead).toBe(true);
        dying.rotation.stop();
        if (lost === 0) points.push(state.where);

        const next = await rotate(at.path, at.platform, at.clock);
        const own = next.identities.record();
        expect(next.rotation.record).toMatchObject({ phase: 'idle', last: { result: 'completed' } });
        expect([state.where, at.platform.active.has(own?.certificateId ?? '')]).toEqual([state.where, true]);
        expect((await next.identities.load())?.certificatePem).toBe(`PEM of ${own?.certificateId}`);
        next.rotation.stop();
        const tidy = new RotationProcess(new CrashingState(at.path), at.platform, at.clock);
        await tidy.start();
        expect(keysOn(at.path)).toHaveLength(2);
      }
    }
  }
  process.stdout.write(`rotation: ${2 * points.length} runs, killed ${[...new Set(points)].join(', ')}\n`);
  expect(points.length).toBe(2 * counted.writes);
}, 60_000);

test('a new certificate that does not connect is given up, and the device goes on with the old one', async () => {
  const { clock, path, platform } = await world();
  const issue = platform.active.add.bind(platform.active);
  platform.active.add = (id) => {
    platform.broken.add(id);
    return issue(id);
  };
  const process = await rotate(path, platform, clock);
  expect(process.rotation.record).toMatchObject({ last: { result: 'failed' } });
  expect(process.session).toMatchObject({ identity: { certificateId: 'first' }, link: { connected: true } });
  expect([...platform.active]).toEqual(['first']);
  expect(keysOn(path)).toHaveLength(2);
});

test('a refused request changes nothing', async () => {
  const { clock, path, platform } = await world((made) => {
    made.refuse = 'NOT_ALLOWED';
  });
  const before = keysOn(path);
  const process = await rotate(path, platform, clock);
  expect(process.rotation.record).toMatchObject({ last: { result: 'failed', detail: 'NOT_ALLOWED: no' } });
  expect(keysOn(path)).toEqual(before);
});

test.each([true, false])(
  'when the platform has decided without the device hearing it, the certificate that connects stays (new one: %s)',
  async (confirmed) => {
    const { clock, path, platform } = await world();
    const handle = platform.handle.bind(platform);
    // Nobody answers a confirmation; one of the two certificates is withdrawn.
    platform.handle = (id, message) => (message.kind === 'request' ? handle(id, message) : undefined);
    const process = new RotationProcess(new CrashingState(path), platform, clock);
    await process.start();
    void process.rotation.rotate('asked', REQUEST).catch(() => {});
    await drive(process, () => process.rotation.record.phase === 'confirming');
    const { current } = platform;
    if (current === undefined) throw new Error('nothing was issued');
    current.confirmed = confirmed;
    platform.active.delete(confirmed ? current.old : current.certificateId);
    await drive(process, () => process.rotation.record.phase === 'idle');
    const expected = confirmed ? current.certificateId : 'first';
    expect(process.identities.record()?.certificateId).toBe(expected);
    expect([...platform.active]).toEqual([expected]);
  },
);

test('a second rotation waits for the first to end', async () => {
  const { clock, path, platform } = await world();
  const process = new RotationProcess(new CrashingState(path), platform, clock);
  await process.start();
  void process.rotation.rotate('asked', REQUEST);
  await process.turn();
  await expect(process.rotation.rotate('asked', 'cd'.repeat(16))).rejects.toMatchObject({ code: 'ROTATION_FAILED' });
});
