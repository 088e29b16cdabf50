import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import { SimulatedClock } from '../telemetry/testing/simulated-clock.ts';
import type { JsonObject } from './json-merge.ts';
import { PassingKeeper } from './passing-keeper.ts';
import { ShadowStateStore } from './shadow-state.ts';
import { ShadowSync } from './shadow-sync.ts';
import { SimulatedShadow } from './testing/simulated-shadow.ts';

const { log } = testContext();

function device(state = temporaryState()) {
  const clock = new SimulatedClock();
  const shadow = new SimulatedShadow();
  const abort = new AbortController();
  const heard: JsonObject[] = [];
  const keeper = new PassingKeeper(new ShadowStateStore(state, 'app', log), (desired) => void heard.push(desired));
  const world = { connected: true };
  const sync = new ShadowSync({
    service: shadow,
    keeper,
    takesSettings: true,
    connected: () => world.connected,
    clock,
    random: () => 0.5,
    log,
    signal: abort.signal,
    refreshInterval: 3_600_000,
  });
  sync.start();
  return { clock, heard, keeper, shadow, state, sync, world, stop: () => abort.abort() };
}

test('a desired state is told once, whatever it holds, and nothing is reported by itself', async () => {
  const { clock, heard, shadow, stop } = device();
  shadow.desire({ recipe: { name: 'a', steps: [1, 2] } });
  await clock.pass(1_000);
  shadow.desire({ recipe: { name: 'b' } });
  await clock.pass(60_000);
  expect(heard).toEqual([{ recipe: { name: 'a', steps: [1, 2] } }, { recipe: { name: 'b', steps: [1, 2] } }]);
  expect(shadow.reports).toEqual([]);
  stop();
});

test('what the program says is reported, by the smallest patch, and null takes a name back', async () => {
  const { clock, keeper, shadow, stop, sync } = device();
  const say = async (own: JsonObject) => {
    keeper.report(own);
    sync.changed();
    await clock.pass(1_000);
  };
  await say({ recipe: 'a', count: 1 });
  await say({ count: 2 });
  await say({ count: 2 });
  await say({ recipe: null });
  expect(shadow.reports.map(({ patch }) => patch)).toEqual([{ recipe: 'a', count: 1 }, { count: 2 }, { recipe: null }]);
  stop();
});

test('the last desired state is there after a restart without a connection; one that is gone is empty', async () => {
  const first = device();
  first.shadow.desire({ recipe: 'a' });
  await first.clock.pass(1_000);
  first.stop();
  const store = new ShadowStateStore(first.state, 'app', log);
  expect(store.current.desired).toEqual({ recipe: 'a' });
  const heard: JsonObject[] = [];
  const keeper = new PassingKeeper(store, (desired) => void heard.push(desired));
  await keeper.adopt({ recipe: 'a' });
  await keeper.release();
  await keeper.release();
  expect(heard).toEqual([{}]);
});
