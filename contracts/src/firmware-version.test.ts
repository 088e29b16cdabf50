import { compareFirmware, firmwareVersionSchema } from './firmware-version.ts';

test.each([
  ['1.2.3', '1.2.3', 0],
  ['1.2.3', '1.2.10', -1],
  ['2.0.0', '1.99.99', 1],
  ['1.10.0', '1.9.65535', 1],
])('%s against %s', (left, right, sign) => {
  expect(Math.sign(compareFirmware(left, right))).toBe(sign);
});

test.each(['1.2', '1.2.3.4', '01.2.3', '1.2.x', 'v1.2.3', '1.2.3-rc1', '65536.0.0', '1.2.99999', ' 1.2.3', ''])(
  '%j is no version',
  (text) => {
    expect(firmwareVersionSchema.safeParse(text).success).toBe(false);
  },
);
