import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FieldValue, Sample } from '@fleetwright/contracts';
import { TestLog } from '../../../shared/src/testing/test-log.ts';
import { type AggregationSettings, aggregationSchema } from '../configuration.ts';
import { Aggregation } from '../engine/aggregation.ts';
import type { Batch } from '../engine/batch.ts';
import { DurableAggregation } from './durable-aggregation.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SETTINGS: readonly AggregationSettings[] = [
  aggregationSchema.parse({
    defaults: { window: { by: 'time', length: 4_000, every: 2_000 }, lateness: 1_500 },
    series: {
      'count_*': { window: { by: 'count', length: 6, every: 3, maxWait: 5_000 } },
      'band_*': { mode: 'deadBand', deadBand: { absolute: 2 } },
    },
    maxSeries: 9,
  }),
  aggregationSchema.parse({
    defaults: { window: { by: 'time', length: 3_000 }, percentiles: [50, 90], lateness: 0 },
    maxSeries: 12,
  }),
];

type Step = (aggregation: Pick<Aggregation, 'tick' | 'tap' | 'configure'> & Takes, now: number) => void;
interface Takes {
  take(values: readonly FieldValue[], now: number): void;
  flag(anomaly: { series: string; time: number; value: number }, now: number): void;
}

const NAMES = ['a', 'b', 'c', 'count_a', 'count_b', 'band_a', 'd', 'e', 'f', 'g', 'h'];

function randomStep(draw: () => number, now: number): Step {
  const pick = draw();
  const series = NAMES[Math.floor(draw() * NAMES.length)] as string;
  const time = now - Math.floor(draw() ** 4 * 6_000);
  const quality = draw() < 0.9 ? 'good' : draw() < 0.5 ? 'bad' : 'uncertain';
  if (pick < 0.75) {
    const values = Array.from({ length: 1 + Math.floor(draw() * 5) }, (_, index): FieldValue => {
      const value = draw() < 0.1 ? draw() < 0.5 : Math.round(draw() * 1e6) / 1e4;
      return { series: index === 0 ? series : (NAMES[index] as string), time, value, quality };
    });
    return (target, at) => target.take(values, at);
  }
  if (pick < 0.8) return (target, at) => target.flag({ series, time, value: 1 }, at);
  if (pick < 0.98) return (target, at) => target.tick(at);
  if (pick < 0.99) {
    const settings = SETTINGS[draw() < 0.5 ? 0 : 1] as AggregationSettings;
    return (target, at) => target.configure(settings, at);
  }
  return (target) => target.tap({ series: ['a*', 'b*'], until: now + 5_000, maxSeries: 3, maxValues: 50 });
}

/** What was sent: each value of each time, however it was packed. */
function valuesOf(samples: readonly Sample[]): string[] {
  return samples
    .flatMap(({ time, values }) => Object.entries(values).map(([name, value]) => `${time} ${name} ${value}`))
    .sort();
}

/** A spool that remembers, and finds out when an id comes with other samples. */
function spool() {
  const given = new Map<string, Batch>();
  let down = false;
  return {
    given,
    setDown: (is: boolean) => {
      down = is;
    },
    give: async (batch: Batch): Promise<void> => {
      if (down) throw new Error('full');
      const before = given.get(batch.uploadId);
      if (before !== undefined) expect(batch.samples).toEqual(before.samples);
      given.set(batch.uploadId, JSON.parse(JSON.stringify(batch)));
    },
  };
}

let runs = 0;
function openIn(directory: string, give: (batch: Batch) => Promise<void>, now: number, settings = SETTINGS[0]) {
  return DurableAggregation.open({
    directory,
    settings: settings as AggregationSettings,
    run: `run-${runs++}`,
    now,
    sync: () => false,
    checkpointBytes: () => 3_000,
    give,
    log: new TestLog(),
  });
}

function newDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-aggregation-'));
  directories.push(directory);
  return directory;
}

test.each([1, 2, 3, 4, 5, 6])(
  'killed at any point, nothing on disk is lost, and nothing given is given as something else (%i)',
  async (seed) => {
    const draw = draws(seed);
    const directory = newDirectory();
    const { give, given, setDown } = spool();
    const reference = new Aggregation(SETTINGS[0] as AggregationSettings, 'reference');
    const expected: Sample[] = [];
    const byReference = {
      take: (values: readonly FieldValue[], now: number) => {
        for (const value of values) reference.value(value, now);
      },
      flag: (anomaly: { series: string; time: number; value: number }, now: number) => reference.anomaly(anomaly, now),
      tick: (now: number) => reference.tick(now),
      configure: (settings: AggregationSettings, now: number) => reference.configure(settings, now),
      tap: (request: Parameters<Aggregation['tap']>[0]) => reference.tap(request),
    };
    let now = 1_000_000;
    let durable = await openIn(directory, give, now);
    let unwritten: { step: Step; at: number }[] = [];
    const written = (): void => {
      for (const { at, step } of unwritten) step(byReference, at);
      unwritten = [];
      for (const { number, samples } of [...reference.batches]) {
        expected.push(...samples);
        reference.handed(number);
      }
    };
    let kills = 0;
    for (let index = 0; index < 400; index++) {
      now += Math.floor(draw() * 400);
      const step = randomStep(draw, now);
      const current = durable;
      step(
        {
          take: (values, at) => current.values(values, at),
          flag: (anomaly, at) =>
            current.anomaly({ ...anomaly, version: 1, score: 1, expected: { low: 0, high: 0 }, explanation: '' }, at),
          tick: (at) => current.tick(at),
          configure: (settings, at) => current.configure(settings, at),
          tap: (request) => current.tap(request),
        },
        now,
      );
      unwritten.push({ step, at: now });
      if (draw() < 0.3) {
        setDown(draw() < 0.3);
        await durable.flush();
        written();
      }
      if (draw() >= 0.1) continue;
      kills++;
      unwritten = [];
      // A block that was being written when it happened.
      const journal = readdirSync(directory).find((name) => name.startsWith('journal')) as string;
      if (draw() < 0.5) appendFileSync(join(directory, journal), Buffer.from([0, 0, 0, 40, 1, 2, 3, 4, 5]));
      durable = await openIn(directory, give, now, reference.settings);
    }
    setDown(false);
    await durable.close();
    written();
    now += 100_000;
    durable = await openIn(directory, give, now, reference.settings);
    unwritten = [{ step: (target, at) => target.tick(at), at: now }];
    durable.tick(now);
    await durable.flush();
    await durable.close();
    written();
    const sent = [...given.values()].flatMap(({ samples }) => [...samples]);
    expect(kills).toBeGreaterThan(20);
    expect(valuesOf(sent).length).toBeGreaterThan(300);
    expect(valuesOf(sent)).toEqual(valuesOf(expected));
  },
);

describe('disk', () => {
  const value = (time: number): FieldValue => ({ series: 'a', time, value: time, quality: 'good' });

  test('a state that is damaged is told, and what can be read is gone on with', async () => {
    const directory = newDirectory();
    const { give } = spool();
    const durable = await openIn(directory, give, 0);
    durable.values([value(1)], 1);
    await durable.flush();
    const state = readdirSync(directory).find((name) => name.startsWith('state')) as string;
    truncateSync(join(directory, state), 40);
    const log = new TestLog();
    const again = await DurableAggregation.open({
      directory,
      settings: SETTINGS[0] as AggregationSettings,
      run: 'again',
      now: 2,
      sync: () => true,
      checkpointBytes: () => 3_000,
      give,
      log,
    });
    expect(log.messages('error')).toEqual([
      'a state is not readable',
      'a part of the state on disk was damaged and is lost',
    ]);
    expect(again.aggregation.seriesCount).toBe(0);
    await again.close();
  });

  test('while the disk takes nothing, nothing is given; then all is', async () => {
    const directory = join(newDirectory(), 'state');
    const { give, given } = spool();
    const durable = await openIn(directory, give, 0);
    durable.values([value(1_000)], 1_000);
    await durable.flush();
    // The directory is no directory any more: neither the journal's successor nor a state can be written.
    rmSync(directory, { recursive: true });
    writeFileSync(directory, '');
    for (let time = 2_000; time < 30_000; time += 10) durable.values([value(time)], time);
    durable.tick(60_000);
    await durable.flush();
    durable.values([value(60_000)], 60_000);
    await durable.flush();
    const before = given.size;
    durable.values([value(61_000)], 61_000);
    durable.tick(90_000);
    await durable.flush();
    expect(given.size).toBe(before);
    rmSync(directory);
    mkdirSync(directory);
    await durable.flush();
    expect(given.size).toBeGreaterThan(before);
    await durable.close();
    expect(
      readFileSync(join(directory, readdirSync(directory).find((name) => name.endsWith('.json')) as string), 'utf8'),
    ).toMatch(/"series":"a"/);
  });
});
