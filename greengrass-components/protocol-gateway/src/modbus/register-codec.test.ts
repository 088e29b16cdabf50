import { expect, test } from '@jest/globals';
import type { RegisterType } from '../configuration/modbus-source.ts';
import { decodeRegisters, encodeRegisters } from './register-codec.ts';

const point = (type: RegisterType, order: object = {}) =>
  ({ type, wordOrder: 'big', byteOrder: 'big', ...order }) as Parameters<typeof decodeRegisters>[1];
const bytes = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

// source: MODBUS Application Protocol Specification V1.1b3, 4.2 (0x1234 is sent as 0x12, 0x34) and the example of 6.3
test.each([
  ['uint16', '12 34', 0x1234],
  ['uint16', '02 2b', 555],
  ['uint16', 'ff ff', 65_535],
  ['int16', 'ff ff', -1],
  ['int16', '80 00', -32_768],
  ['int16', '7f ff', 32_767],
  ['int32', 'ff ff ff fe', -2],
  ['int32', '80 00 00 00', -2_147_483_648],
  ['uint32', 'ff ff ff ff', 4_294_967_295],
  ['uint32', '00 01 00 00', 65_536],
] as const)('%s of %s is %d', (type, hex, value) => {
  expect(decodeRegisters(bytes(hex), point(type))).toBe(value);
  expect(encodeRegisters(value, point(type))).toEqual(bytes(hex));
});

// source: IEEE 754-2019, 3.4: sign, biased exponent, fraction. the smallest normal number is 2^-126
test.each([
  ['float32', '3f 80 00 00', 1],
  ['float32', '3f c0 00 00', 1.5],
  ['float32', 'c0 00 00 00', -2],
  ['float32', '3d cc cc cd', 0.1],
  ['float32', '42 f6 e9 79', 123.456],
  ['float32', '00 80 00 00', 1.1754944e-38],
  ['float64', '3f f0 00 00 00 00 00 00', 1],
  ['float64', '3f b9 99 99 99 99 99 9a', 0.1],
  ['float64', '40 09 21 fb 54 44 2d 18', Math.PI],
] as const)('%s of %s is %d', (type, hex, value) => {
  expect(decodeRegisters(bytes(hex), point(type))).toBe(value);
  expect(encodeRegisters(value, point(type))).toEqual(bytes(hex));
});

test.each([
  ['big', 'big', '3f 9d f3 b6'],
  ['little', 'big', 'f3 b6 3f 9d'],
  ['big', 'little', '9d 3f b6 f3'],
  ['little', 'little', 'b6 f3 9d 3f'],
] as const)('words %s, bytes %s: 1.234 as a float32', (wordOrder, byteOrder, hex) => {
  const as = point('float32', { wordOrder, byteOrder });
  expect(decodeRegisters(bytes(hex), as)).toBe(1.234);
  expect(encodeRegisters(1.234, as)).toEqual(bytes(hex));
});

test('four words turn around as words', () => {
  const as = point('float64', { wordOrder: 'little' });
  expect(decodeRegisters(bytes('2d 18 54 44 21 fb 40 09'), as)).toBe(Math.PI);
});

test('infinities and what is no number come out as such, to be judged', () => {
  expect(decodeRegisters(bytes('7f 80 00 00'), point('float32'))).toBe(Number.POSITIVE_INFINITY);
  expect(decodeRegisters(bytes('7f c0 00 00'), point('float32'))).toBeNaN();
});

test('bits count from the least significant', () => {
  expect(decodeRegisters(bytes('00 01'), point('bit', { bit: 0 }))).toBe(true);
  expect(decodeRegisters(bytes('80 00'), point('bit', { bit: 15 }))).toBe(true);
  expect(decodeRegisters(bytes('7f ff'), point('bit', { bit: 15 }))).toBe(false);
  expect(decodeRegisters(bytes('01 00'), point('bit', { bit: 0, byteOrder: 'little' }))).toBe(true);
});

test('what does not fit is refused', () => {
  expect(() => encodeRegisters(65_536, point('uint16'))).toThrow('does not fit uint16');
  expect(() => encodeRegisters(-1, point('uint32'))).toThrow('does not fit uint32');
  expect(() => encodeRegisters(4e38, point('float32'))).toThrow('does not fit float32');
  expect(() => encodeRegisters(Number.NaN, point('int16'))).toThrow('does not fit int16');
  expect(() => decodeRegisters(bytes('00'), point('uint16'))).toThrow('2 bytes, not 1');
  expect(encodeRegisters(99.6, point('uint16'))).toEqual(bytes('00 64'));
});
