import { expect, test } from '@jest/globals';
import { type ModbusTable, modbusPointSchema, type RegisterType } from '../configuration/modbus-source.ts';
import { type PlannedPoint, planReads, splitBlock } from './poll-plan.ts';

const LIMITS = { maxRegisters: 125, maxCoils: 2_000, maxGap: 8 };

function register(
  address: number,
  type: RegisterType = 'uint16',
  table: ModbusTable = 'holding-register',
): PlannedPoint {
  return { name: `r${address}`, point: modbusPointSchema.parse({ table, address, type }) };
}
function coil(address: number): PlannedPoint {
  return { name: `c${address}`, point: modbusPointSchema.parse({ table: 'coil', address }) };
}
const shape = (points: readonly PlannedPoint[], limits = LIMITS) =>
  planReads(points, limits).map(({ count, start, table }) => [table, start, count]);

test('neighbours are read together, small gaps included', () => {
  expect(shape([register(10), register(0), register(1, 'float32'), register(4, 'float64')])).toEqual([
    ['holding-register', 0, 11],
  ]);
});

test('a gap that is too wide makes two requests', () => {
  expect(shape([register(0), register(9), register(19)])).toEqual([
    ['holding-register', 0, 10],
    ['holding-register', 19, 1],
  ]);
  expect(shape([register(0), register(2)], { ...LIMITS, maxGap: 0 })).toHaveLength(2);
});

test('tables are apart, although their addresses are neighbours', () => {
  expect(shape([register(0), register(1, 'uint16', 'input-register'), coil(2)])).toHaveLength(3);
});

// source: MODBUS Application Protocol V1.1b3, 6.3 (1 to 125 registers) and 6.1 (1 to 2000 coils)
test('no request reads more than 125 registers, and a value lies in one of them', () => {
  const many = Array.from({ length: 100 }, (_, at) => register(2 * at + 1, 'float32'));
  const blocks = planReads(many, LIMITS);
  expect(blocks.every(({ count }) => count <= 125)).toBe(true);
  expect(blocks.map(({ count }) => count)).toEqual([124, 76]);
  expect(blocks.flatMap(({ points }) => points)).toHaveLength(100);
});

test('no request reads more than 2000 coils', () => {
  const many = Array.from({ length: 4_500 }, (_, at) => coil(at));
  expect(planReads(many, LIMITS).map(({ count }) => count)).toEqual([2_000, 2_000, 500]);
});

test('two points of the same registers are read once', () => {
  expect(shape([register(5, 'uint32'), register(6), register(5)])).toEqual([['holding-register', 5, 2]]);
});

test('a refused block is split until each part has one point', () => {
  const [block] = planReads([register(0), register(1), register(2)], LIMITS);
  if (block === undefined) throw new Error('no block');
  const parts = splitBlock(block);
  expect(parts?.map(({ start, count }) => [start, count])).toEqual([
    [0, 1],
    [1, 2],
  ]);
  expect(splitBlock(planReads([register(0)], LIMITS)[0] as never)).toBeUndefined();
});
