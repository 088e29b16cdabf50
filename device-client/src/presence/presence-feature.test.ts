import { rmSync } from 'node:fs';
import type { Sample } from '@fleetwright/contracts';
import { TelemetryFeature } from '../telemetry/telemetry-feature.ts';
import { testContext } from '../telemetry/testing/feature-context.ts';
import { PresenceFeature } from './presence-feature.ts';

test('the beginning is said once for each boot, and the end with its reason', async () => {
  const context = testContext();
  const said: Sample['values'][] = [];
  const feature = new PresenceFeature({ firmware: () => '1.0.0', say: ({ values }) => void said.push(values) });
  await feature.start(context);
  expect(said).toEqual([]);
  context.link.connect();
  context.link.disconnect();
  context.link.connect();
  await feature.stop();
  await feature.start(context);
  feature.goodbye('reboot');
  await feature.stop();
  // The reason was of that end only.
  await feature.start({ ...context, bootId: 8 });
  await feature.stop();
  expect(said).toEqual([
    { agent: 'started', firmware: '1.0.0' },
    { agent: 'stopped', reason: 'stopped' },
    { agent: 'stopped', reason: 'reboot' },
    { agent: 'started', firmware: '1.0.0' },
    { agent: 'stopped', reason: 'stopped' },
  ]);
  rmSync(context.state.path, { recursive: true });
});

test('a goodbye that does not get out any more is kept, and sent after the next start', async () => {
  const context = testContext();
  const telemetry = new TelemetryFeature();
  const feature = new PresenceFeature({ firmware: '1.0.0', say: (event) => telemetry.publish('event', event) });
  await feature.start(context);
  await telemetry.start(context);
  feature.goodbye('shutdown');
  // As a device stops its features: all in one turn, in the order of their list.
  await Promise.all([telemetry.stop(), feature.stop()]);
  const next = { ...context, bootId: 8 };
  await telemetry.start(next);
  context.link.connect();
  for (let step = 0; step < 5_000 && telemetry.stats.waiting > 0; step++) {
    await context.clock.pass(50);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const [message] = context.link.received.map(({ payload }) => JSON.parse(payload.toString()));
  expect(message).toMatchObject({ bootId: 7, samples: [{ values: { agent: 'stopped', reason: 'shutdown' } }] });
  await telemetry.stop();
  rmSync(context.state.path, { recursive: true });
});
