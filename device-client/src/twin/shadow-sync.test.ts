import * as z from 'zod';
import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import { settingHandler } from './settings-handler.ts';
import { SettingsKeeper } from './settings-keeper.ts';
import { ShadowServiceError } from './shadow-service.ts';
import { ShadowStateStore } from './shadow-state.ts';
import { simulatedSync } from './testing/simulated-sync.ts';

/** A device with one setting, `rate`, and its shadow. */
function device({ connected = true } = {}) {
  const { lines, log } = testContext();
  const abort = new AbortController();
  const world = { connected, rate: undefined as number | undefined };
  const keeper = new SettingsKeeper({
    store: new ShadowStateStore(temporaryState(), 'config', log),
    handlers: {
      rate: settingHandler({
        schema: z.int().positive(),
        apply: (value) => {
          world.rate = value;
        },
      }),
    },
    healthy: undefined,
    log,
    signal: abort.signal,
    onAdopted: () => {},
  });
  return { keeper, lines, world, ...simulatedSync(keeper, world, abort, log) };
}

test('a desired state is reported with the version that it was read at, and then all is quiet', async () => {
  const { clock, shadow, stop, world } = device();
  const version = shadow.desire({ rate: 5 });
  await clock.pass(1_000);
  expect(world.rate).toBe(5);
  expect(shadow.reports).toEqual([{ patch: { rate: 5, _twin: { version, status: 'applied' } }, version }]);
  const next = shadow.desire({ rate: 6 });
  await clock.pass(60_000);
  expect(shadow.reports).toHaveLength(2);
  expect(shadow.reports[1]?.version).toBe(next);
  // The first reading, and one when deltas began to come: a delta that follows needs none.
  expect(shadow.reads).toBeLessThanOrEqual(2);
  stop();
});

test('what the device refuses stays in the delta, and its own reports do not set it off again', async () => {
  const { clock, shadow, stop } = device();
  shadow.desire({ rate: -1 });
  await clock.pass(600_000);
  expect(shadow.reports).toHaveLength(1);
  expect(shadow.reads).toBeLessThanOrEqual(2);
  expect(shadow.document?.reported).toMatchObject({ _twin: { status: 'partly' } });
  stop();
});

test('a conflict makes the device read again and act on what is desired by then', async () => {
  const { clock, shadow, stop, world } = device();
  shadow.deaf = true;
  let interfere = 3;
  shadow.around = async (kind, request) => {
    if (kind === 'report' && interfere-- > 0) shadow.desire({ rate: 100 + interfere });
    return request();
  };
  shadow.desire({ rate: 1 });
  shadow.subscribed();
  await clock.pass(1_000);
  expect(world.rate).toBe(100);
  expect(shadow.document?.reported).toMatchObject({ rate: 100 });
  expect(shadow.reports).toHaveLength(1);
  stop();
});

test('somebody who writes without end does not make the device do so too', async () => {
  const { clock, shadow, stop } = device();
  let count = 0;
  shadow.around = async (kind, request) => {
    if (kind === 'report') shadow.desire({ rate: ++count });
    return request();
  };
  shadow.desire({ rate: 1 });
  await clock.pass(60_000);
  expect(count).toBeLessThan(30);
  stop();
});

test('after a gap between two deltas, and when they begin to come again, the whole shadow is read', async () => {
  const { clock, shadow, stop, world } = device();
  await clock.pass(1_000);
  shadow.deaf = true;
  shadow.desire({ rate: 1 });
  shadow.desire({ other: 1 });
  shadow.deaf = false;
  await clock.pass(1_000);
  expect(world.rate).toBeUndefined();
  shadow.desire({ other: 2 });
  await clock.pass(1_000);
  expect(world.rate).toBe(1);
  shadow.deaf = true;
  shadow.desire({ rate: 2 });
  shadow.subscribed();
  await clock.pass(1_000);
  expect(world.rate).toBe(2);
  stop();
});

test('a value that is desired again as it is reported is noticed, though no delta tells of it', async () => {
  const { clock, shadow, stop } = device();
  shadow.desire({ rate: 5, other: 1 });
  await clock.pass(1_000);
  shadow.desire({ rate: -1 });
  await clock.pass(1_000);
  expect(shadow.document?.reported).toMatchObject({ rate: 5, _twin: { errors: [{ setting: 'rate' }, {}] } });
  const version = shadow.desire({ rate: 5, other: 2 });
  await clock.pass(1_000);
  expect(shadow.document?.reported).toMatchObject({ _twin: { version, errors: [{ setting: 'other' }] } });
  stop();
});

test('a delta that comes while the shadow is read is not lost', async () => {
  const { clock, shadow, stop, world } = device();
  shadow.desire({ rate: 1 });
  let first = true;
  shadow.around = async (kind, request) => {
    const answer = request();
    if (kind === 'get' && first) {
      first = false;
      shadow.desire({ rate: 2 });
    }
    return answer;
  };
  await clock.pass(1_000);
  expect(world.rate).toBe(2);
  expect(shadow.document?.reported).toMatchObject({ rate: 2 });
  stop();
});

test('without a connection nothing is asked; reports of that time arrive with the next', async () => {
  const { clock, keeper, shadow, stop, sync, world } = device({ connected: false });
  shadow.desire({ rate: 1 });
  keeper.report({ firmware: '1.0.0' });
  sync.changed();
  await clock.pass(3_600_000);
  expect({ reads: shadow.reads, reports: shadow.reports }).toEqual({ reads: 0, reports: [] });
  world.connected = true;
  sync.connected();
  await clock.pass(1_000);
  expect(shadow.document?.reported).toMatchObject({ rate: 1, firmware: '1.0.0' });
  stop();
});

test('an answer that does not come is asked for again with growing pauses', async () => {
  const { clock, shadow, stop, world } = device();
  let fail = true;
  shadow.around = async (_kind, request) => {
    if (fail) throw new ShadowServiceError('UNAVAILABLE', 'timeout');
    return request();
  };
  shadow.desire({ rate: 1 });
  await clock.pass(600_000);
  expect(shadow.reads).toBeGreaterThan(5);
  expect(shadow.reads).toBeLessThan(40);
  fail = false;
  await clock.pass(120_000);
  expect(world.rate).toBe(1);
  stop();
});

test('a report that the cloud will never take is not repeated, and the next one goes out', async () => {
  const { clock, keeper, shadow, stop, sync } = device();
  let refuse = true;
  let refused = 0;
  shadow.around = async (kind, request) => {
    if (kind === 'report' && refuse) {
      refused++;
      throw new ShadowServiceError('INVALID', '413 too large');
    }
    return request();
  };
  keeper.report({ text: 'x' });
  sync.changed();
  await clock.pass(600_000);
  expect(refused).toBe(1);
  refuse = false;
  keeper.report({ text: 'y' });
  sync.changed();
  await clock.pass(1_000);
  expect(shadow.document?.reported).toMatchObject({ text: 'y' });
  stop();
});

test('a shadow that was deleted leaves the settings as they are, and is made again with what is reported', async () => {
  const { clock, shadow, stop, world } = device();
  shadow.desire({ rate: 5 });
  await clock.pass(1_000);
  shadow.document = undefined;
  shadow.subscribed();
  await clock.pass(1_000);
  expect(world.rate).toBe(5);
  expect(shadow.document).toMatchObject({ desired: {}, reported: { rate: 5 } });
  stop();
});

test('what others report in the shadow is left alone', async () => {
  const { clock, keeper, shadow, stop, sync } = device();
  shadow.desire({ rate: 5 });
  shadow.document = { ...(shadow.document as NonNullable<typeof shadow.document>), reported: { foreign: 1 } };
  await clock.pass(1_000);
  keeper.report({ own: 1 });
  keeper.report({ own: null });
  sync.changed();
  await clock.pass(1_000);
  expect(shadow.document?.reported).toMatchObject({ foreign: 1, rate: 5 });
  expect(shadow.document?.reported).not.toHaveProperty('own');
  stop();
});
