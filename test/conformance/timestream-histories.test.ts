import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import {
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Random histories of writes, in calls under way together and across restarts, against a model of the documented rules
// (API reference, WriteRecords, "Upserts", and RejectedRecord).

interface Write {
  readonly thing: string;
  readonly offset: number;
  readonly value: number;
  readonly version: number;
}

/** Small numbers, so that the same keys come again and again. */
function randomWrites(random: (bound: number) => number, count: number): Write[] {
  return Array.from({ length: count }, () => ({
    thing: `pump-${random(3)}`,
    offset: random(8),
    value: random(3),
    version: 1 + random(3),
  }));
}

class Model {
  readonly rows = new Map<string, Write>();

  /** Answers the indexes that are rejected. */
  write(writes: readonly Write[]): number[] {
    return writes.flatMap((write, index) => {
      const key = `${write.thing}@${write.offset}`;
      const existing = this.rows.get(key);
      if (existing === undefined || write.version > existing.version) {
        this.rows.set(key, write);
        return [];
      }
      return write.version === existing.version && write.value === existing.value ? [] : [index];
    });
  }
}

async function send(timestream: TimestreamCloud, base: number, writes: readonly Write[]): Promise<number[]> {
  try {
    await timestream.writeRecords(
      'telemetry',
      writes.map(({ thing, offset, value, version }) => ({
        Dimensions: [{ Name: 'thing', Value: thing }],
        Time: String(base - offset),
        MeasureValue: String(value),
        Version: version,
      })),
      { MeasureName: 'x' },
    );
    return [];
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'RejectedRecordsException') throw error;
    return (error.fields.RejectedRecords as { RecordIndex: number }[]).map(({ RecordIndex }) => RecordIndex);
  }
}

test.each([1, 2, 3, 4, 5])('history %d', async (seed) => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-timestream-'));
  let state = seed;
  const random = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >> 8) % bound;
  };
  const model = new Model();
  let timestream = await startTimestream(['telemetry'], { directory });
  const base = timestream.cloud.clock.now();
  for (let round = 0; round < 6; round++) {
    const calls = Array.from({ length: 1 + random(6) }, () => randomWrites(random, 1 + random(12)));
    const expected = calls.map((writes) => model.write(writes));
    const rejected = await Promise.all(calls.map((writes) => send(timestream, base, writes)));
    expect(rejected).toEqual(expected);
    if (random(3) === 0) {
      await timestream.close();
      timestream = await startTimestream([], { directory });
    }
  }
  const stored = await timestream.rows('SELECT thing, to_milliseconds(time), measure_value::double FROM iot.telemetry');
  const rows = [...model.rows.values()].map(({ thing, offset, value }) => [thing, String(base - offset), `${value}.0`]);
  expect(stored.sort()).toEqual(rows.sort());
  await timestream.close();
  rmSync(directory, { recursive: true });
});
