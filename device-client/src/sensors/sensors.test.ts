import { pumpStation } from './pump-station.ts';
import { parseCsv, replay } from './replay.ts';

const START = Date.UTC(2026, 5, 1, 6);

test('the same seed and the same instants give the same readings; another seed gives others', () => {
  const readings = (seed: number) => {
    const station = pumpStation({ seed, start: START });
    return Array.from({ length: 50 }, (_, index) => station.read(START + index * 1000));
  };
  expect(readings(1)).toEqual(readings(1));
  expect(readings(1)).not.toEqual(readings(2));
});

test('a day of readings stays within what the station can do', () => {
  const station = pumpStation({ seed: 3, start: START });
  for (let second = 0; second < 86_400; second += 60) {
    const values = station.read(START + second * 1000)?.values as Record<string, number>;
    expect(values.rpm).toBeGreaterThan(1100);
    expect(values.rpm).toBeLessThan(1500);
    expect(values.pressure).toBeGreaterThan(2);
    expect(values.pressure).toBeLessThan(7);
    expect(values.temperature).toBeGreaterThan(0);
    expect(values.temperature).toBeLessThan(90);
    expect(values.vibration).toBeGreaterThan(0);
  }
  const health = station.health(START + 86_400_000);
  expect(health.battery).toBeGreaterThan(99);
  expect(health.battery).toBeLessThan(100);
});

test('recorded rows keep their distances when shifted', () => {
  const csv = 'timestamp,value,ok\n2014-01-01 00:00:00,1.5,true\n2014-01-01 00:05:00,2,false\n';
  const recorded = replay({ csv, name: 'data.csv', start: START, shift: true });
  expect(recorded.read(0)).toEqual({ time: START, values: { value: 1.5, ok: true } });
  expect(recorded.read(0)).toEqual({ time: START + 300_000, values: { value: 2, ok: false } });
  expect(recorded.read(0)).toBeUndefined();
});

test.each([
  ['a,b\n1,2\n', "data.csv: the first line must name a column 'time' or 'timestamp'"],
  ['time,b\nsoon,2\n', "data.csv:2: 'soon' is not a time"],
  ['time,b\n1,2\n3\n', 'data.csv:3: 1 cells, but the header has 2'],
])('%j is refused with its place', (csv, message) => {
  expect(() => parseCsv(csv, 'data.csv')).toThrow(message);
});
