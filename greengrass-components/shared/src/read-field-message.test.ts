import { fieldMessageSchema } from '@fleetwright/contracts';
import { readFieldMessage } from './read-field-message.ts';

const VALUE = { series: 'pump_1_flow', time: 1_767_225_600_000, value: 3.5, quality: 'good' };
const message = (values: unknown): unknown => ({ version: 1, source: 'pump-1', values });

const RIGHT: unknown[] = [
  message([VALUE]),
  message([VALUE, { ...VALUE, value: false, quality: 'bad' }, { ...VALUE, time: 0, quality: 'uncertain' }]),
  message(Array.from({ length: 500 }, () => VALUE)),
];

const WRONG: unknown[] = [
  undefined,
  null,
  [],
  'text',
  {},
  message([]),
  message({}),
  message([null]),
  message(Array.from({ length: 501 }, () => VALUE)),
  { ...(message([VALUE]) as object), version: 2 },
  { ...(message([VALUE]) as object), source: 'Pump' },
  { ...(message([VALUE]) as object), more: 1 },
  { version: 1, source: 'pump' },
  message([{ ...VALUE, more: 1 }]),
  message([{ ...VALUE, series: 'Pump' }]),
  message([{ ...VALUE, series: 'p'.repeat(49) }]),
  message([{ ...VALUE, series: undefined }]),
  message([{ ...VALUE, time: -1 }]),
  message([{ ...VALUE, time: 1.5 }]),
  message([{ ...VALUE, time: 2 ** 60 }]),
  message([{ ...VALUE, time: '1' }]),
  message([{ ...VALUE, value: null }]),
  message([{ ...VALUE, value: '1' }]),
  message([{ ...VALUE, value: Number.NaN }]),
  message([{ ...VALUE, value: Number.POSITIVE_INFINITY }]),
  message([{ ...VALUE, quality: 'fine' }]),
  message([{ series: 'a', time: 1, value: 2 }]),
  message([VALUE, { ...VALUE, value: undefined }]),
];

test.each(RIGHT.map((given, index) => [index, given]))('takes what the schema takes (%i)', (_index, given) => {
  expect(fieldMessageSchema.safeParse(given).success).toBe(true);
  expect(readFieldMessage(given)).toEqual(given);
});

test.each(WRONG.map((given, index) => [index, given]))('refuses what the schema refuses (%i)', (_index, given) => {
  expect(fieldMessageSchema.safeParse(given).success).toBe(false);
  expect(readFieldMessage(given)).toBeUndefined();
});
