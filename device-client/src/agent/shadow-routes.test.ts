import type { Json, JsonObject } from '../twin/json-merge.ts';
import { shadowRoutes } from './shadow-routes.ts';

function routes({ started = true } = {}) {
  let reported: JsonObject = {};
  const heard: (string | undefined)[] = [];
  const twin = {
    state: () => (started ? { desired: { recipe: 'a' }, reported } : undefined),
    report: (name: string | undefined, own: Readonly<Record<string, Json>>) => {
      heard.push(name);
      reported = { ...reported, ...own };
    },
  };
  const all = shadowRoutes(twin, ['app', '(classic)']);
  const ask = (route: string, body?: unknown) => all[route]?.(body);
  return { ask, heard, names: Object.keys(all) };
}

test('a program reads what is desired and reports what it made of it', async () => {
  const { ask, heard, names } = routes();
  expect(names).toEqual(['GET /shadows/app', 'POST /shadows/app', 'GET /shadows/(classic)', 'POST /shadows/(classic)']);
  expect(await ask('GET /shadows/app')).toEqual({ status: 200, body: { desired: { recipe: 'a' }, reported: {} } });
  const body = { reported: { recipe: 'a' } };
  expect(await ask('POST /shadows/app', body)).toEqual({ status: 200, body });
  await ask('POST /shadows/(classic)', body);
  expect(heard).toEqual(['app', undefined]);
});

test('a report of another form, one that is too large and one before the start are refused', async () => {
  const { ask, heard } = routes();
  expect(await ask('POST /shadows/app', { state: {} })).toMatchObject({ status: 400 });
  expect(await ask('POST /shadows/app', { reported: [1] })).toMatchObject({ status: 400 });
  // source: AWS IoT Core quotas, "Maximum size of a JSON state document": 8 KB
  expect(await ask('POST /shadows/app', { reported: { text: 'x'.repeat(8_192) } })).toMatchObject({ status: 413 });
  expect(heard).toEqual([]);
  const early = routes({ started: false });
  expect(await early.ask('GET /shadows/app')).toMatchObject({ status: 503 });
  expect(await early.ask('POST /shadows/app', { reported: {} })).toMatchObject({ status: 503 });
});
