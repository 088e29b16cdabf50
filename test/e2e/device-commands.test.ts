import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { selfSignedCertificate } from '../support/certificates.ts';
import { endCommands, fleetwright } from '../support/command.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from '../support/platform.ts';
import { connectRaw, type RawCredentials } from '../support/raw-device.ts';

let directory: string;
let platform: TestPlatform;
let here: string[];
let iot: IoTClient;
beforeAll(async () => {
  directory = temporaryDirectory();
  platform = await startTestPlatform({ directory });
  iot = new IoTClient(platform.settings);
  here = ['--data-dir', join(directory, 'data')];
}, 90_000);
afterAll(async () => {
  await endCommands();
  iot?.destroy();
  await platform?.stop();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

const serial = (at: number) => `IMP-${String(at).padStart(4, '0')}`;
const quoted = (pem: string) => `"${pem}"`;

test('a list of 1,000 devices with 10 bad lines registers 990 and reports 10; importing it again changes nothing', async () => {
  const identities = new Map<string, RawCredentials>();
  const lines: string[] = [];
  for (let at = 0; at < 1000; at++) {
    const identity = await selfSignedCertificate(serial(at));
    identities.set(serial(at), identity);
    lines.push(`${serial(at)},north,pump-station,${quoted(identity.certificatePem)}`);
  }
  const pem = quoted(identities.get(serial(999))?.certificatePem as string);
  for (const [at, line] of [
    [100, `${serial(100)},nowhere,pump-station,${pem}`],
    [200, `${serial(200)},north,spaceship,${pem}`],
    [300, `imp-lower,north,pump-station,${pem}`],
    [400, `${serial(400)},north,pump-station,`],
    [500, `${serial(500)},north,pump-station,no-such-file.pem`],
    [600, `${serial(0)},north,pump-station,${pem}`],
    [700, `${serial(700)},north`],
    [800, `${serial(800)},north,pump-station,"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"`],
    [900, `,north,pump-station,${pem}`],
    // Good by itself; the cloud refuses it, because its certificate is another device's.
    [950, `${serial(950)},north,pump-station,${quoted(identities.get(serial(1))?.certificatePem as string)}`],
  ] as const) {
    lines[at] = line;
  }
  const file = join(directory, 'devices.csv');
  writeFileSync(file, `serialNumber,site,deviceType,certificate\n${lines.join('\n')}\n`);

  const first = await fleetwright('device', 'import', file, '--json', ...here).result;
  expect(first.exitCode).toBe(1);
  const summary = JSON.parse(first.stdout);
  expect(summary).toMatchObject({ registered: 990, present: 0, failed: 10 });
  expect(summary.failures.at(-1).reason).toContain(
    `is registered already, for fleetwright-dev-pump-station-${serial(1)}`,
  );
  expect(readFileSync(`${file}.report.jsonl`, 'utf8').trim().split('\n')).toHaveLength(1000);

  const again = await fleetwright('device', 'import', file, '--json', ...here).result;
  expect(JSON.parse(again.stdout)).toMatchObject({ registered: 0, present: 990, failed: 10 });

  const thingName = `fleetwright-dev-pump-station-${serial(42)}`;
  const thing = await iot.send(new DescribeThingCommand({ thingName }));
  expect(thing.attributes).toMatchObject({ serialNumber: serial(42), site: 'north', state: 'provisioning' });
  const identity = identities.get(serial(42)) as RawCredentials;
  const connection = await connectRaw(platform.description, identity, thingName);
  connection.end();
}, 240_000);

test('devices are listed and shown, as text and as JSON', async () => {
  const device = platform.device('CMD-0001');
  await device.start();
  await device.stop();
  const listed = await fleetwright('device', 'list', '--limit', '5000', '--json', ...here).result;
  const devices = listed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(devices).toContainEqual(expect.objectContaining({ serialNumber: 'CMD-0001', deviceType: 'pump-station' }));
  const shown = await fleetwright('device', 'show', 'CMD-0001', '--json', ...here).result;
  expect(JSON.parse(shown.stdout)).toMatchObject({
    thingName: 'fleetwright-dev-pump-station-CMD-0001',
    certificates: [{ status: 'ACTIVE' }],
  });
  expect((await fleetwright('device', 'show', 'CMD-0001', ...here).result).stdout).toMatch(/certificate +\w+… ACTIVE/);
  const unknown = await fleetwright('device', 'show', 'CMD-9999', ...here).result;
  expect(unknown).toMatchObject({ exitCode: 1 });
  expect(unknown.stderr).toContain('fleetwright device list');
}, 60_000);

test('a device goes its way from state to state, cannot skip one, and never comes back from the end', async () => {
  const device = platform.device('CMD-0002');
  await device.start();
  await fleetwright('device', 'state', 'CMD-0002', 'active', ...here).result;
  const served = await fleetwright('device', 'state', 'CMD-0002', 'maintenance', '--json', ...here).result;
  expect(JSON.parse(served.stdout)).toMatchObject({ from: 'active', to: 'maintenance', changed: true });
  const skipped = await fleetwright('device', 'state', 'CMD-0002', 'provisioning', ...here).result;
  expect(skipped.exitCode).toBe(1);
  expect(skipped.stderr).toContain('can become active or decommissioned');

  const gone = await fleetwright('device', 'decommission', 'CMD-0002', '--yes', '--json', ...here).result;
  expect({ exitCode: gone.exitCode, stderr: gone.stderr }).toMatchObject({ exitCode: 0 });
  expect(JSON.parse(gone.stdout)).toMatchObject({ revoked: [expect.any(String)], denied: true });
  const { attributes } = await iot.send(
    new DescribeThingCommand({ thingName: 'fleetwright-dev-pump-station-CMD-0002' }),
  );
  expect(attributes?.state).toBe('decommissioned');
  await device.stop();
  rmSync(join(directory, 'devices', 'CMD-0002'), { recursive: true, force: true });
  // A device that has lost its identity asks for a new one: it is refused, because its serial number is denied.
  const again = platform.device('CMD-0002');
  const outcome = await Promise.race([
    again.start().then(
      () => 'registered',
      () => 'refused',
    ),
    eventually('a while', async () => false, 4_000).catch(() => 'waiting'),
  ]);
  expect(outcome).not.toBe('registered');
}, 90_000);
