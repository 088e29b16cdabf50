import { writeFileSync } from 'node:fs';
import * as z from 'zod';
import type { StateDirectory } from '../state-directory.ts';
import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import type { JsonObject } from './json-merge.ts';
import { settingHandler } from './settings-handler.ts';
import { SettingsKeeper } from './settings-keeper.ts';
import { ShadowStateStore } from './shadow-state.ts';

/** A device whose settings are `a`, `b` (numbers) and `c` (an object), and which is not well while `sick` says so. */
function device(state: StateDirectory = temporaryState()) {
  const { lines, log } = testContext();
  const use: Record<string, unknown> = {};
  const calls: string[] = [];
  const abort = new AbortController();
  const world = { sick: (): string | undefined => undefined, crash: false, broken: '' };
  const setting = <Schema extends z.ZodType>(name: string, schema: Schema) =>
    settingHandler({
      schema,
      async apply(value) {
        calls.push(`${name}=${JSON.stringify(value)}`);
        if (world.broken === name && value !== undefined) throw new Error(`${name} is broken`);
        if (value === undefined) delete use[name];
        else use[name] = value;
        // The process is gone: nothing that comes after is done.
        if (world.crash) await new Promise(() => {});
      },
    });
  const store = new ShadowStateStore(state, 'config', log);
  const keeper = new SettingsKeeper({
    store,
    handlers: {
      a: setting('a', z.int().min(0)),
      b: setting('b', z.int()),
      c: setting('c', z.looseObject({ deep: z.int() })),
    },
    healthy: async () => {
      const reason = world.sick();
      if (reason !== undefined) throw new Error(reason);
    },
    log,
    signal: abort.signal,
    onAdopted: () => {},
  });
  return { abort, calls, keeper, lines, state, store, use, world, restart: () => device(state) };
}

const report = ({ keeper }: ReturnType<typeof device>) => keeper.view._twin as JsonObject | undefined;

test('a desired state is acted on once: what is the same as before is not applied again', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1, c: { deep: 1 } }, 1);
  await one.keeper.adopt({ a: 1, c: { deep: 1 } }, 2);
  await one.keeper.adopt({ a: 1, c: { deep: 2 } }, 3);
  expect(one.calls).toEqual(['a=1', 'c={"deep":1}', 'c={"deep":2}']);
  expect(report(one)).toEqual({ version: 3, status: 'applied' });
});

test('a setting that is desired no more goes back to the default', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1, b: 2 }, 1);
  await one.keeper.adopt({ b: 2 }, 2);
  expect(one.use).toEqual({ b: 2 });
  expect(one.keeper.view).toEqual({ b: 2, _twin: { version: 2, status: 'applied' } });
});

test('one that cannot be applied takes back all that changed with it, in reverse', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1 }, 1);
  one.world.broken = 'b';
  await one.keeper.adopt({ a: 2, b: 2, c: { deep: 1 } }, 2);
  expect(one.calls).toEqual(['a=1', 'a=2', 'b=2', 'b=undefined', 'a=1']);
  expect(one.use).toEqual({ a: 1 });
  expect(report(one)).toEqual({
    version: 2,
    status: 'rolled-back',
    errors: [
      { setting: 'a', code: 'NOT_APPLIED', message: 'b failed: b is broken' },
      { setting: 'b', code: 'NOT_APPLIED', message: 'b is broken' },
      { setting: 'c', code: 'NOT_APPLIED', message: 'b failed: b is broken' },
    ],
  });
});

test('errors stay until their setting is asked for anew, and no longer', async () => {
  const one = device();
  await one.keeper.adopt({ a: -1, x: 1, b: 1 }, 1);
  expect(report(one)).toMatchObject({ status: 'partly', errors: [{ setting: 'a' }, { setting: 'x' }] });
  await one.keeper.adopt({ a: -1, x: 1, b: 2 }, 2);
  expect(report(one)).toMatchObject({ version: 2, errors: [{ setting: 'a' }, { setting: 'x' }] });
  await one.keeper.adopt({ a: 3, b: 2 }, 3);
  expect(report(one)).toEqual({ version: 3, status: 'applied' });
});

test('a start puts the last settings that worked into use, before anything is heard from the cloud', async () => {
  const one = device();
  await one.keeper.adopt({ b: 2, a: 1 }, 1);
  const two = one.restart();
  await two.keeper.start();
  expect(two.calls).toEqual(['a=1', 'b=2']);
  await two.keeper.adopt({ b: 2, a: 1 }, 1);
  expect(two.calls).toHaveLength(2);
});

test('settings that kill the agent are tried twice, then given up with the last good ones in use', async () => {
  let one = device();
  await one.keeper.adopt({ a: 1 }, 1);
  for (let life = 1; life <= 2; life++) {
    one = one.restart();
    await one.keeper.start();
    expect(one.use).toEqual({ a: 1 });
    one.world.crash = true;
    void one.keeper.adopt({ a: 666, b: 1 }, 2);
    await new Promise((resolve) => setImmediate(resolve));
    expect(one.calls).toEqual(['a=1', 'a=666']);
  }
  one = one.restart();
  await one.keeper.start();
  await one.keeper.adopt({ a: 666, b: 1 }, 2);
  expect(one.calls).toEqual(['a=1']);
  expect(report(one)).toMatchObject({
    version: 2,
    status: 'rolled-back',
    errors: [
      { setting: 'a', code: 'CRASHED' },
      { setting: 'b', code: 'CRASHED' },
    ],
  });
  // Other settings are tried all the same.
  await one.keeper.adopt({ a: 666, b: 2 }, 3);
  expect(one.use).toEqual({ a: 1, b: 2 });
});

test('an orderly stop in the middle of a trial says nothing against the settings', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1 }, 1);
  for (let life = 1; life <= 3; life++) {
    const next = one.restart();
    await next.keeper.start();
    next.world.sick = () => {
      next.abort.abort();
      return 'stopped while waiting';
    };
    await next.keeper.adopt({ a: 2 }, 2);
    expect(next.store.current).toMatchObject({ settings: { a: 1 }, trial: undefined });
  }
  const last = one.restart();
  await last.keeper.start();
  await last.keeper.adopt({ a: 2 }, 2);
  expect(last.use).toEqual({ a: 2 });
});

test('what an earlier agent could not use is looked at again by the next, which tells only what is new', async () => {
  const state = temporaryState();
  const old = device(state);
  await old.keeper.adopt({ a: -1, x: 1 }, 5);
  const before = report(old);
  const same = device(state);
  await same.keeper.adopt({ a: -1, x: 1 }, 7);
  expect(report(same)).toEqual(before);
});

test('settings that have worked and are valid no more are dropped at the start', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1, b: 2 }, 1);
  const file = one.state.file('named-config.json');
  writeFileSync(file, JSON.stringify({ version: 1, ...one.store.current, settings: { a: -5, b: 2 } }));
  const two = one.restart();
  await two.keeper.start();
  expect(two.use).toEqual({ b: 2 });
  expect(two.lines).toEqual(['error a setting that has worked does so no more']);
});

test('an order is all or nothing, and the same order again tells what came of it, also after a restart', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1 }, 1);
  expect(await one.keeper.order('job/1', { a: 2, b: 'x', y: 1 })).toMatchObject({
    status: 'refused',
    code: expect.stringMatching(/^SETTINGS_(INVALID|UNSUPPORTED)$/),
    errors: { b: expect.anything(), y: expect.anything() },
  });
  expect(one.use).toEqual({ a: 1 });
  expect(await one.keeper.order('job/2', { a: null, b: 3 })).toEqual({ status: 'applied' });
  expect(one.use).toEqual({ b: 3 });
  // The desired state has not changed: it is not acted on again.
  await one.keeper.adopt({ a: 1 }, 3);
  expect(one.use).toEqual({ b: 3 });
  const two = one.restart();
  await two.keeper.start();
  expect(await two.keeper.order('job/1', { a: 2 })).toMatchObject({ status: 'refused' });
  expect(await two.keeper.order('job/2', { a: 9 })).toEqual({ status: 'applied' });
  expect(two.use).toEqual({ b: 3 });
});

test('with a damaged file the device begins with its defaults and takes the desired state anew', async () => {
  const one = device();
  await one.keeper.adopt({ a: 1 }, 1);
  writeFileSync(one.state.file('named-config.json'), '{"version":1,');
  const two = one.restart();
  await two.keeper.start();
  await two.keeper.adopt({ a: 1 }, 1);
  expect(two.use).toEqual({ a: 1 });
});

test('names that objects inherit are names like others', async () => {
  const one = device();
  await one.keeper.adopt(JSON.parse('{"__proto__": {"deep": 1}, "constructor": 1, "toString": 2, "a": 1}'), 1);
  expect(one.use).toEqual({ a: 1 });
  expect(((report(one)?.errors ?? []) as JsonObject[]).map(({ setting }) => setting)).toEqual([
    '__proto__',
    'constructor',
    'toString',
  ]);
});
