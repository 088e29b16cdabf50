import { temporaryState, testContext } from '../telemetry/testing/feature-context.ts';
import type { JsonObject } from './json-merge.ts';
import { PassingKeeper } from './passing-keeper.ts';
import { ShadowStateStore } from './shadow-state.ts';
import { simulatedSync } from './testing/simulated-sync.ts';

const { log } = testContext();

function device(state = temporaryState()) {
  const heard: JsonObject[] = [];
  const keeper = new PassingKeeper(new ShadowStateStore(state, 'app', log), (desired) => void heard.push(desired));
  return { heard, keeper, state, ...simulatedSync(keeper, { connected: true }, new AbortController(), log) };
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
