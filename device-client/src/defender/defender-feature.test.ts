import { rmSync } from 'node:fs';
import { type TestContext, testContext } from '../telemetry/testing/feature-context.ts';
import { SimulatedLink } from '../telemetry/testing/simulated-link.ts';
import { DefenderFeature, type DefenderOptions } from './defender-feature.ts';
import { linuxNetwork, type NetworkSource } from './network-source.ts';

const TOPIC = '$aws/things/fleet-test-pump-1/defender/metrics/json';
const MINUTE = 60_000;

let bytes = 0;
const network: NetworkSource = {
  async read() {
    const any = { address: '0.0.0.0', port: 0 };
    const at = (address: string, port: number) => ({ address, port });
    return {
      listeningTcp: [
        { local: at('0.0.0.0', 443), remote: any, state: 10 },
        { local: at('192.168.1.10', 22), remote: any, state: 10 },
        { local: at('::', 443), remote: any, state: 10 },
      ],
      listeningUdp: [{ local: at('0.0.0.0', 5353), remote: any, state: 7 }],
      established: [{ local: at('192.168.1.10', 50_000), remote: at('192.168.1.1', 8883), state: 1 }],
      counters: new Map([['eth0', { bytesIn: bytes, packetsIn: 1, bytesOut: 2 * bytes, packetsOut: 1 }]]),
      interfaceOf: (address) => (address === '192.168.1.10' ? 'eth0' : undefined),
    };
  },
};

const contexts: TestContext[] = [];
const features: DefenderFeature[] = [];
afterEach(async () => {
  for (const feature of features.splice(0)) await feature.stop();
  for (const { state } of contexts.splice(0)) rmSync(state.path, { recursive: true, force: true });
  bytes = 0;
});

async function make(options: DefenderOptions = {}, over: Partial<TestContext> = {}) {
  const context = testContext({ random: () => 0, ...over });
  contexts.push(context);
  const feature = new DefenderFeature({ network, ...options });
  features.push(feature);
  await feature.start(context);
  const { clock, link } = context;
  const reports = () => link.received.map(({ payload }) => JSON.parse(payload.toString()));
  const answer = (kind: 'accepted' | 'rejected', body: object) =>
    link.subscribed.get(`${TOPIC}/${kind}`)?.(`${TOPIC}/${kind}`, Buffer.from(JSON.stringify(body)));
  return { answer, clock, context, feature, link, reports };
}

// source: developer guide, `detect-device-side-metrics`, "Device metrics document specification"
test('a report has ports once for each interface, connections, traffic since the last one, and custom metrics', async () => {
  const { clock, link, reports } = await make({
    customMetrics: {
      'open-doors': () => ({ number: 2 }),
      broken: () => {
        throw new Error('no sensor');
      },
      absent: () => undefined,
    },
  });
  link.connect();
  bytes = 700;
  await clock.pass(MINUTE);
  expect(link.received[0]?.topic).toBe(TOPIC);
  expect(reports()[0]).toEqual({
    hed: { rid: Math.floor((link.received[0]?.at ?? 0) / 1000), v: '1.0' },
    met: {
      tp: { pts: [{ pt: 22, if: 'eth0' }, { pt: 443 }], t: 2 },
      up: { pts: [{ pt: 5353 }], t: 1 },
      ns: { bi: 700, bo: 1400, pi: 0, po: 0 },
      tc: { ec: { cs: [{ rad: '192.168.1.1:8883', lp: 50_000, li: 'eth0' }], t: 1 } },
    },
    cmet: { 'open-doors': [{ number: 2 }] },
  });
});

test('reports are at least five minutes apart, and a missed one goes with the next connection', async () => {
  const { clock, link } = await make();
  link.connect();
  await clock.pass(16 * MINUTE);
  link.disconnect();
  await clock.pass(33 * MINUTE);
  expect(link.received).toHaveLength(4);
  link.connect();
  await clock.pass(4 * MINUTE);
  expect(link.received).toHaveLength(5);
  const times = link.received.map(({ at }) => at);
  for (const [index, at] of times.slice(1).entries()) {
    expect(at - (times[index] as number)).toBeGreaterThanOrEqual(300_000);
  }
  expect(() => new DefenderFeature({ interval: 299_999 })).toThrow('at least 300000 ms');
});

test('report ids grow over restarts and a clock that is set back, and the distance is kept', async () => {
  const first = await make();
  first.link.connect();
  await first.clock.pass(MINUTE);
  await first.feature.stop();
  const { clock, state } = first.context;
  const again = await make({}, { clock, state, link: new SimulatedLink(clock) });
  again.link.connect();
  await clock.pass(3 * MINUTE);
  expect(again.link.received).toHaveLength(0);
  await clock.pass(3 * MINUTE);
  await again.feature.stop();
  // A clock of its own begins where the first one did.
  const past = await make({}, { state });
  past.link.connect();
  await past.clock.pass(10 * MINUTE);
  const ids = [...first.reports(), ...again.reports(), ...past.reports()].map(({ hed }) => hed.rid as number);
  expect(ids.length).toBeGreaterThanOrEqual(3);
  expect(ids).toEqual([...ids].sort((left, right) => left - right));
  expect(new Set(ids).size).toBe(ids.length);
});

test('traffic of a report that was not accepted is in the next one', async () => {
  const { answer, clock, context, feature, link, reports } = await make();
  link.connect();
  bytes = 100;
  await clock.pass(MINUTE);
  answer('rejected', {
    reportId: reports()[0].hed.rid,
    status: 'REJECTED',
    statusDetails: { ErrorCode: 'Throttled', ErrorMessage: 'too soon' },
  });
  expect(feature.status()).toMatchObject({ rejected: 1, lastProblem: 'Throttled: too soon' });
  expect(context.lines).toContain('warn a metrics report was rejected');
  bytes = 150;
  await clock.pass(5 * MINUTE);
  answer('accepted', { reportId: reports()[1].hed.rid, status: 'ACCEPTED' });
  bytes = 175;
  await clock.pass(5.1 * MINUTE);
  expect(reports().map(({ met }) => met.ns.bi)).toEqual([100, 150, 25]);
  expect(feature.status()).toMatchObject({ accepted: 1 });
});

test('this machine can be read, where it is Linux', async () => {
  if (process.platform !== 'linux') return;
  const snapshot = await linuxNetwork().read();
  expect(snapshot.listeningTcp.every(({ local }) => local.port > 0)).toBe(true);
  expect(snapshot.counters.has('lo')).toBe(false);
});
