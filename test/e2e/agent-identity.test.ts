import { verify } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { IoTClient, ListThingPrincipalsCommand } from '@aws-sdk/client-iot';
import { channelTopic } from '@fleetwright/contracts';
import { createDevice, type DeviceFeature, type FeatureContext } from '../../device-client/src/index.ts';
import { type AgentHealth, type AgentProcess, agentSettings, startAgent } from '../support/agent-process.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { connectRaw } from '../support/raw-device.ts';
import { makeSoftToken, softTokenLibrary } from '../support/soft-token.ts';

/** Where Debian's package `faketime` puts it. */
const FAKETIME = ['x86_64', 'aarch64']
  .map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)
  .find((path) => existsSync(path));
const SOFTHSM = softTokenLibrary();
const withToken = SOFTHSM === undefined ? test.skip : test;
const withFakeTime = FAKETIME === undefined ? test.skip : test;

let platform: TestPlatform;
let iot: IoTClient;
const agents: AgentProcess[] = [];

beforeAll(async () => {
  platform = await startTestPlatform();
  iot = new IoTClient(platform.settings);
}, 120_000);
afterAll(async () => {
  for (const { child } of agents) child.kill('SIGKILL');
  iot?.destroy();
  await platform?.stop();
});

const directoryOf = (serialNumber: string) => join(platform.directory, 'agents', serialNumber);

function agent(serialNumber: string, more: object = {}, environment: Record<string, string> = {}): AgentProcess {
  const config = { ...agentSettings(platform, serialNumber), ...more };
  const started = startAgent({ directory: directoryOf(serialNumber), config, environment });
  agents.push(started);
  return started;
}

function active(process: AgentProcess): Promise<AgentHealth> {
  return eventually(
    'an active agent',
    async () => {
      const health = await process.health();
      return health.state === 'active' && health.connection.connected && health;
    },
    40_000,
  ).catch((error) => {
    throw new Error(process.output(), { cause: error });
  });
}

async function certificatesOf(thingName: string): Promise<string[]> {
  const { principals = [] } = await iot.send(new ListThingPrincipalsCommand({ thingName }));
  return principals.map((arn) => arn.split('/').at(-1) ?? '');
}

test('a device changes its certificate: the new one connects before the old one goes, and samples go on', async () => {
  const device = platform.device('ROTATE-0001');
  await device.start();
  const { certificateId, privateKeyPem, thingName } = device.identity;
  const reached: string[] = [];
  device.on('connected', () => reached.push(device.identity.certificateId));
  const samples = setInterval(
    () => device.publish('telemetry', { time: Date.now(), values: { temperature: 21 } }),
    100,
  );
  const outcome = await device.rotateCertificate('asked').finally(() => clearInterval(samples));
  expect(outcome).toMatchObject({ result: 'completed' });
  expect(device.identity.certificateId).not.toBe(certificateId);
  expect(device.identity.privateKeyPem).not.toBe(privateKeyPem);
  expect(reached).toEqual([device.identity.certificateId]);
  await device.flush();
  await eventually('the registry without the old certificate', async () => {
    const ids = await certificatesOf(thingName);
    return ids.length === 1 && ids[0] === device.identity.certificateId;
  });
  const kept = { ...device.identity };
  await device.stop();
  const again = platform.device('ROTATE-0001');
  await again.start();
  expect(again.identity).toMatchObject({ thingName, certificateId: kept.certificateId });
  expect(
    readdirSync(join(platform.directory, 'devices', 'ROTATE-0001')).filter((file) => file.endsWith('.pem')),
  ).toHaveLength(2);
  await again.stop();
}, 90_000);

test('a feature hears its topics again after its connection was lost, is told what is refused, and ends with the device', async () => {
  const heard: string[] = [];
  const seen: string[] = [];
  let context: FeatureContext | undefined;
  const feature: DeviceFeature = {
    name: 'probe',
    async start(given) {
      context = given;
      const { address, link } = given;
      await link.subscribe(`${channelTopic(address, 'event')}`, (_topic, payload) => {
        heard.push(Buffer.from(payload).toString());
      });
      link.onConnected(() => seen.push('connected'));
      link.onInterrupted(() => seen.push('interrupted'));
    },
    async stop() {
      seen.push('stopped');
    },
  };
  const { description, directory } = platform;
  const device = createDevice({
    endpoint: {
      host: description.mqttHost,
      port: description.mqttPort,
      serverCaPem: readFileSync(description.caFile, 'utf8'),
    },
    claim: platform.claim,
    stateDirectory: join(directory, 'devices', 'LINK-0001'),
    parameters: { SerialNumber: 'LINK-0001', Site: 'north', DeviceType: 'pump-station' },
    features: [feature],
    maxReconnectDelay: 1_000,
  });
  await device.start();
  const { address, link } = context as unknown as FeatureContext;
  await eventually('a link', async () => seen.includes('connected'));
  await link.publish(channelTopic(address, 'event'), 'first');
  await eventually('the first message', async () => heard.includes('first'));
  // Another connection with its client id ends its own (MQTT 5 §3.1.4-3); then that one goes.
  const rival = await connectRaw(description, device.identity, device.identity.thingName);
  await eventually('an interruption', async () => seen.includes('interrupted'));
  rival.end(true);
  await eventually('a new link', async () => seen.filter((event) => event === 'connected').length >= 2);
  await link.publish(channelTopic(address, 'event'), 'second');
  await eventually('the second message', async () => heard.includes('second'));
  const signed = await (context as unknown as FeatureContext).sign(Buffer.from('text'));
  expect(verify('sha256', Buffer.from('text'), device.identity.privateKeyPem, signed)).toBe(true);
  await device.stop();
  expect(seen).toContain('stopped');
  await expect(link.publish(channelTopic(address, 'event'), 'late')).rejects.toMatchObject({ code: 'NOT_CONNECTED' });
}, 60_000);

withToken(
  `PKCS#11: an agent provisions, connects and changes its key on a SoftHSM token that the key never leaves${SOFTHSM === undefined ? ' (skipped: SoftHSM or pkcs11-tool is not installed)' : ''}`,
  async () => {
    const serialNumber = 'TOKEN-0001';
    const token = makeSoftToken(SOFTHSM as string, join(platform.directory, 'token'));
    const { label, library, pinFile } = token;
    const more = { token: { library, label, pinFile } };
    const process = agent(serialNumber, more, token.environment);
    const health = await active(process);
    const keys = token.tool('--list-objects', '--type', 'privkey');
    expect(keys).toMatch(/label:\s+device\b/);
    expect(keys).toMatch(/Access:\s+sensitive, always sensitive, never extractable, local/);
    const state = join(directoryOf(serialNumber), 'state');
    for (const file of readdirSync(state)) {
      if (file.endsWith('.pem') || file.endsWith('.json')) {
        expect(readFileSync(join(state, file), 'utf8')).not.toContain('PRIVATE KEY');
      }
    }
    expect(process.output()).not.toContain('482913');
    expect(await process.ask('POST', '/rotate-certificate')).toMatchObject({ status: 202 });
    const rotated = await eventually(
      'another certificate',
      async () => {
        const now = await process.health();
        return now.rotation === 'idle' && now.certificate?.id !== health.certificate?.id && now;
      },
      45_000,
    ).catch(async (error) => {
      throw new Error(`${process.output()}\n${JSON.stringify(await process.health())}`, { cause: error });
    });
    expect(rotated.connection.connected).toBe(true);
    await eventually(
      'the old key gone',
      async () => {
        const labels = [...token.tool('--list-objects', '--type', 'privkey').matchAll(/label:\s+(\S+)/g)];
        return labels.length === 1 && /^device-[0-9a-f]{32}$/.test(labels[0]?.[1] ?? '');
      },
      40_000,
    );
    process.child.kill('SIGTERM');
    expect(await process.ended).toBe(0);

    const again = agent(serialNumber, more, token.environment);
    expect(await active(again)).toMatchObject({ bootId: 2, thingName: health.thingName });
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);

    chmodSync(pinFile, 0o644);
    const open = agent(serialNumber, more, token.environment);
    expect(await open.ended).not.toBe(0);
    expect(open.output()).toContain('others may read');
  },
  240_000,
);

withFakeTime(
  `a device whose clock is in 1970 says so, tries no TLS in vain, and is on the air once its clock is set${FAKETIME === undefined ? ' (skipped: libfaketime is not installed)' : ''}`,
  async () => {
    const serialNumber = 'CLOCK-1970';
    // The clock of this process tree: whoever writes the file sets it, for code of Node.js and of the SDK alike.
    const clockFile = join(platform.directory, 'clock');
    const setter = join(platform.directory, 'set-clock');
    writeFileSync(clockFile, '@1970-01-02 00:00:00\n');
    writeFileSync(setter, `#!/bin/sh\necho "@$(date -u -d @$1 '+%F %T')" > ${clockFile}\n`, { mode: 0o755 });
    const environment = {
      LD_PRELOAD: FAKETIME as string,
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      TZ: 'UTC',
    };
    const settings = agentSettings(platform, serialNumber) as { clock: object };
    const helpless = agent(serialNumber, {}, environment);
    const lost = await eventually(
      'a diagnosis',
      async () => {
        const health = await helpless.health();
        return health.clock.kind === 'wrong' && health;
      },
      40_000,
    );
    expect(lost).toMatchObject({ state: 'unprovisioned', connection: { connected: false } });
    expect(lost.clock.offset).toBeGreaterThan(50 * 365 * 86_400_000);
    expect(lost.lastError?.message).toMatch(/clock is wrong: the clock says 1970-01-02/);
    // The log has the right time all the same, and nothing was tried that cannot succeed.
    expect(String(helpless.lines.at(-1)?.time)).toMatch(/^20[2-9]\d-/);
    expect(helpless.lines.filter(({ message }) => message === 'trying again')).toEqual([]);
    // Somebody, an NTP client say, puts the clock right.
    writeFileSync(clockFile, `@${new Date().toISOString().slice(0, 19).replace('T', ' ')}\n`);
    await active(helpless);
    helpless.child.kill('SIGTERM');
    await helpless.ended;

    writeFileSync(clockFile, '@1970-01-02 00:00:00\n');
    const clock = { ...settings.clock, setCommand: [setter, '{seconds}'] };
    const able = agent(serialNumber, { clock }, environment);
    expect(await active(able)).toMatchObject({ bootId: 2, clock: { kind: 'plausible', proven: true } });
    expect(able.lines.some(({ message }) => message === "the system's clock is set")).toBe(true);
  },
  120_000,
);

test('a clock that is days off is corrected for the agent alone', async () => {
  if (FAKETIME === undefined) return;
  const clockFile = join(platform.directory, 'late-clock');
  const late = new Date(Date.now() + 3 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
  writeFileSync(clockFile, `@${late}\n`);
  const process = agent(
    'CLOCK-LATE',
    {},
    {
      LD_PRELOAD: FAKETIME,
      FAKETIME_TIMESTAMP_FILE: clockFile,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      TZ: 'UTC',
    },
  );
  const health = await active(process);
  expect(health.clock).toMatchObject({ kind: 'wrong', blocksTls: false });
  await process.ask('POST', '/samples', { samples: [{ values: { temperature: 21 } }] });
  await eventually('a sample with the right time', async () => {
    const sql = `SELECT time FROM ${platform.telemetryTable} WHERE thing_name = '${health.thingName}'`;
    const { rows } = await platform.reader.query(sql);
    const time = Date.parse(`${rows[0]?.[0]?.slice(0, 19).replace(' ', 'T')}Z`);
    return Math.abs(time - Date.now()) < 60_000;
  });
}, 90_000);
