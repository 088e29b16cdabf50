import { SimulatedClock } from '../telemetry/testing/simulated-clock.ts';
import { agentWellness } from './agent-wellness.ts';

function agent() {
  const clock = new SimulatedClock();
  const device = { connected: true, features: { telemetry: {}, twin: {} } as Record<string, unknown> };
  const world = { reports: 0, refuse: false };
  const well = agentWellness({
    device,
    expected: () => ['telemetry', 'twin'],
    async report() {
      world.reports++;
      if (world.refuse) throw new Error('publish refused with reason code 0x87');
    },
    clock,
    within: 60_000,
  });
  const stop = new AbortController();
  const ask = () =>
    well(stop.signal).then(
      () => 'well',
      (error: Error) => error.message,
    );
  return { ask, clock, device, stop, world };
}

test('an agent is well that is connected, is heard by the cloud and has its features', async () => {
  const { ask, clock, world } = agent();
  const answer = ask();
  await clock.pass(10);
  expect([await answer, world.reports]).toEqual(['well', 1]);
});

test('a connection that comes back in time does no harm', async () => {
  const { ask, clock, device } = agent();
  device.connected = false;
  const answer = ask();
  await clock.pass(50_000);
  device.connected = true;
  await clock.pass(5_000);
  expect(await answer).toBe('well');
});

test.each<[string, Partial<ReturnType<typeof agent>['device'] & { refuse: boolean }>, string]>([
  ['has no connection', { connected: false }, 'connection: there is no connection'],
  ['is not heard', { refuse: true }, 'report: publish refused with reason code 0x87'],
  [
    'lacks a feature',
    { features: { telemetry: { failed: 'the disk is gone' } } },
    'features: telemetry: the disk is gone; twin does not run',
  ],
])(
  'an agent that %s until its time is over is not well, and it is told why',
  async (_what, { refuse = false, ...harm }, reason) => {
    const one = agent();
    Object.assign(one.device, harm);
    one.world.refuse = refuse;
    const answer = one.ask();
    await one.clock.pass(62_000);
    expect(await answer).toBe(reason);
  },
);

test('an agent that stops is not asked any longer', async () => {
  const { ask, clock, device, stop } = agent();
  device.connected = false;
  const answer = ask();
  await clock.pass(3_000);
  stop.abort();
  await clock.pass(10);
  expect(await answer).toContain('there is no connection');
});
