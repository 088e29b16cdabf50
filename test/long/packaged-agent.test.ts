import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { askAgent } from '../../device-client/src/agent/control-socket.ts';
import { keySetOf, signingKey } from '../../device-client/src/update/testing/firmware-fixture.ts';
import { type AgentHealth, agentSettings } from '../support/agent-process.ts';
import { eventually } from '../support/eventually.ts';
import { LaunchedDevice } from '../support/launched-device.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { UpdateDevices } from '../support/update-devices.ts';

const SERIAL = 'PACK-0001';

let platform: TestPlatform;
let devices: UpdateDevices;
let packaged: string;
let launcher: ChildProcess | undefined;

beforeAll(async () => {
  platform = await startTestPlatform();
  devices = await UpdateDevices.create(platform);
  packaged = join(platform.directory, 'packaged');
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'device-client/packaging/build.mjs'), packaged]);
  // As `npm install` would put the one dependency there.
  symlinkSync(join(PROJECT_ROOT, 'node_modules'), join(packaged, 'node_modules'));
}, 120_000);
afterAll(async () => {
  launcher?.kill('SIGKILL');
  await devices?.stop();
  await platform?.stop();
}, 30_000);

test('the agent as it is packaged runs below its launcher, replaces itself by a job, and goes back from a version that does not start', async () => {
  const home = join(platform.directory, 'home');
  mkdirSync(home);
  const socket = join(home, 'agent.sock');
  const config = join(home, 'config.json');
  const trustedKeysFile = join(home, 'keys.json');
  writeFileSync(trustedKeysFile, JSON.stringify(keySetOf(1, [signingKey('root-1', 'ED25519')], [devices.key])));
  const settings = agentSettings(platform, SERIAL) as { device: object };
  const { caFile } = platform.description;
  writeFileSync(
    config,
    JSON.stringify({
      ...settings,
      device: { ...settings.device, deviceType: 'pump-station', hardwareRevision: 'rev-b' },
      stateDirectory: join(home, 'state'),
      socket,
      downloads: { caFile },
      updates: { trustedKeysFile, selfTestTime: 60_000 },
    }),
  );
  const first = readFileSync(join(packaged, 'image.cjs'));
  const program = [
    process.execPath,
    '--max-semi-space-size=1',
    '--optimize-for-size',
    '{image}',
    'run',
    '--config',
    config,
    '--allow-root',
  ];
  const slots = ['--slots', join(home, 'slots'), '--trial-seconds', '90'];
  const image = ['--first-image', join(packaged, 'image.cjs'), '--first-version', '1.0.0'];
  launcher = spawn(process.execPath, [join(packaged, 'launcher.mjs'), ...slots, ...image, '--', ...program], {
    env: { ...process.env, NODE_PATH: join(packaged, 'node_modules') },
  });
  const log = createWriteStream(join(home, 'log'));
  launcher.stdout?.pipe(log, { end: false });
  launcher.stderr?.pipe(log, { end: false });
  const device = new LaunchedDevice(`fleetwright-dev-pump-station-${SERIAL}`, home, '1.0.0');
  const health = async () => (await askAgent(socket, 'GET', '/health')).body as AgentHealth;
  await eventually('an active agent', async () => (await health()).state === 'active', 60_000);

  const second = Buffer.concat([first, Buffer.from('// 2.0.0\n')]);
  expect(await devices.update(device, { version: '2.0.0', image: second })).toMatchObject({
    status: 'SUCCEEDED',
    details: { firmware: '2.0.0', slot: 'b', stage: 'confirmed' },
  });
  await eventually('an agent that is done with it', async () => (await health()).state === 'active', 30_000);

  const broken = Buffer.concat([Buffer.from('process.exit(1);\n'), first]);
  expect(await devices.update(device, { version: '3.0.0', image: broken })).toMatchObject({
    status: 'FAILED',
    details: { reason: 'BOOT_LOOP', firmware: '2.0.0', slot: 'b' },
  });
  await eventually('an agent that is done with it', async () => (await health()).state === 'active', 30_000);

  launcher.kill('SIGTERM');
  expect(await once(launcher, 'exit')).toEqual([0, null]);
}, 240_000);
