import { advance, type Step, type Tracked, type TrackingPorts } from './tracked-state.ts';

/** A counter that tells each number it reaches. */
type Count = { readonly at: number };

function world() {
  let item: Tracked<Count, string> | undefined;
  const told: string[] = [];
  const arranged: number[] = [];
  const faults: { onTell?: () => void; onSave?: () => void } = {};
  const ports: TrackingPorts<Count, string> = {
    load: async () => item,
    async save(_key, expected, tracked) {
      faults.onSave?.();
      if ((item?.revision ?? 0) !== expected) return false;
      item = tracked;
      return true;
    },
    async tell(_key, output) {
      faults.onTell?.();
      told.push(output);
    },
    arrange: async (_key, dueAt) => void arranged.push(dueAt),
  };
  return { ports, told, arranged, faults, item: () => item };
}

/** Reaches `to`, unless it is there already. */
const reach =
  (to: number, dueAt?: number) =>
  (state: Count | undefined): Step<Count, string> | undefined =>
    (state?.at ?? 0) >= to ? undefined : { state: { at: to }, outputs: [`at ${to}`], dueAt };

test('a state is saved, what it demands is told, and nothing is left to tell', async () => {
  const { item, ports, told } = world();
  await advance('k', reach(1), ports);
  await advance('k', reach(1), ports);
  expect(told).toEqual(['at 1']);
  expect(item()).toMatchObject({ state: { at: 1 }, outbox: [] });
});

test('what could not be told is told when the event comes again', async () => {
  const { faults, item, ports, told } = world();
  faults.onTell = () => {
    throw new Error('no network');
  };
  await expect(advance('k', reach(1), ports)).rejects.toThrow('no network');
  expect(item()).toMatchObject({ state: { at: 1 }, outbox: ['at 1'] });
  delete faults.onTell;
  await advance('k', reach(1), ports);
  expect(told).toEqual(['at 1']);
});

test('a later look is arranged before the state that expects it is saved, and once', async () => {
  const { arranged, faults, item, ports } = world();
  faults.onSave = () => {
    expect(arranged).toEqual([500]);
    throw new Error('no network');
  };
  await expect(advance('k', reach(1, 500), ports)).rejects.toThrow('no network');
  expect(item()).toBeUndefined();
  faults.onSave = () => {};
  await advance('k', reach(1, 500), ports);
  await advance('k', reach(2, 500), ports);
  expect(arranged).toEqual([500, 500]);
});

test('another writer in between is seen: the step is taken again on what it left', async () => {
  const { faults, item, ports, told } = world();
  let interrupted = false;
  faults.onSave = () => {
    if (interrupted) return;
    interrupted = true;
    void ports.save('k', 0, { state: { at: 2 }, outbox: [], revision: 1 });
  };
  await advance('k', reach(1), ports);
  expect(item()?.state).toEqual({ at: 2 });
  expect(told).toEqual([]);
});

test('how things stand is told again when another writer came while it was told', async () => {
  const { faults, item, ports, told } = world();
  faults.onTell = () => {
    delete faults.onTell;
    void ports.save('k', 1, { state: { at: 9 }, outbox: [], revision: 2 });
  };
  await advance('k', reach(1), ports, (state) => [`stands at ${state.at}`]);
  expect(told).toEqual(['at 1', 'stands at 9']);
  expect(item()).toMatchObject({ state: { at: 9 }, outbox: [] });
});

test('what is contended without end is left to the queue', async () => {
  const { faults, ports } = world();
  let revision = 0;
  let inside = false;
  faults.onSave = () => {
    if (inside) return;
    inside = true;
    void ports.save('k', revision, { state: { at: 0 }, outbox: [], revision: ++revision });
    inside = false;
  };
  await expect(advance('k', reach(1), ports)).rejects.toMatchObject({ code: 'STATE_CONTENDED' });
});
