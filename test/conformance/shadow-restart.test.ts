import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ManualClock } from '../../local-cloud/src/core/clock.ts';
import type { Shadow, ShadowChange } from '../../local-cloud/src/core/shadows.ts';
import { createIotDataPlanePlugin } from '../../local-cloud/src/services/iot-data-plane/plugin.ts';
import { ADMINISTRATOR, createTestCloud, type TestCloud } from '../../local-cloud/src/testing/context.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-shadows-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

async function open(): Promise<TestCloud<ManualClock>> {
  const cloud = createTestCloud({ directory });
  cloud.ports.provide('reservedTopics', { register: () => undefined, find: () => undefined });
  cloud.ports.provide('broker', {
    publish: () => Promise.resolve(),
    reply: () => undefined,
    disconnect: () => undefined,
    connectedClients: () => [],
    onPresence: () => undefined,
  });
  await cloud.use(createIotDataPlanePlugin).start?.();
  return cloud;
}

/** Copies, by thing and name. */
function shadowsOf(cloud: TestCloud<ManualClock>): Shadow[] {
  const key = ({ thingName, shadowName = '' }: Shadow): string => `${thingName} ${shadowName}`;
  const shadows = [...cloud.ports.get('shadows').all()].map((shadow) => structuredClone(shadow));
  return shadows.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const update = (cloud: TestCloud<ManualClock>, thingName: string, state: object | null, shadowName?: string) =>
  cloud.api.call(ADMINISTRATOR, 'iot-data-plane', 'UpdateThingShadow', {
    thingName,
    shadowName,
    payload: Buffer.from(JSON.stringify({ state })),
  });
const remove = (cloud: TestCloud<ManualClock>, thingName: string) =>
  cloud.api.call(ADMINISTRATOR, 'iot-data-plane', 'DeleteThingShadow', { thingName });

// source: iot-device-shadows ("Shadows provide a reliable data store")
test('shadows, their versions and timestamps are there after a restart', async () => {
  const first = await open();
  await update(first, 'a', { desired: { x: [1, { y: 2 }] }, reported: { z: 'ü' } });
  await update(first, 'a', { reported: { only: true } }, 'named');
  await update(first, 'a', { desired: { more: null, w: {} } });
  await update(first, 'empty', null);
  const before = shadowsOf(first);
  await first.close();
  const second = await open();
  expect(shadowsOf(second)).toEqual(before);
  expect(before.map(({ thingName, shadowName, version }) => [thingName, shadowName, version])).toEqual([
    ['a', undefined, 2],
    ['a', 'named', 1],
    ['empty', undefined, 1],
  ]);
  await second.close();
});

// source: device-shadow-data-flow, "DELETE"
test('a restart within 48 hours keeps the version of a deleted shadow, a later one forgets it', async () => {
  const first = await open();
  for (const thing of ['soon', 'late']) {
    await update(first, thing, { reported: { a: 1 } });
    await update(first, thing, { reported: { a: 2 } });
    await remove(first, thing);
  }
  await first.close();
  const second = await open();
  expect(second.ports.get('shadows').get('soon')).toBeUndefined();
  await update(second, 'soon', {});
  expect(second.ports.get('shadows').get('soon')?.version).toBe(3);
  await second.clock.advance(49 * 3_600_000);
  await update(second, 'late', {});
  expect(second.ports.get('shadows').get('late')?.version).toBe(1);
  await second.close();
});

// assumed: this is the cloud's own port for fleet indexing, not AWS's behaviour
test('listeners hear of each change in order, with the shadow before and after', async () => {
  const cloud = await open();
  const changes: ShadowChange[] = [];
  cloud.ports.get('shadows').onChange((change) => changes.push(change));
  await Promise.all([1, 2, 3].map((n) => update(cloud, 't', { reported: { n } })));
  await remove(cloud, 't');
  expect(
    changes.map((change) => [change.kind, change.shadow.version, 'before' in change && change.before?.version]),
  ).toEqual([
    ['updated', 1, undefined],
    ['updated', 2, 1],
    ['updated', 3, 2],
    ['deleted', 3, false],
  ]);
  await cloud.close();
});
