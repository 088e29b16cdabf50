import { readDuration, readSection, spell } from './assignments.ts';

test('assignments make one section, with JSON where it reads as JSON', () => {
  expect(
    readSection('--set', ['speed=1500', 'pump.mode=eco', 'pump.night=true', 'old=null', 'pump.gone=null']),
  ).toEqual({
    speed: 1500,
    pump: { mode: 'eco', night: true, gone: null },
    old: null,
  });
});

test.each(['speed', '=1', '.a=1', 'a..b=1'])('%s is no assignment', (text) => {
  expect(() => readSection('--set', [text])).toThrow('--set is key=value');
});

test.each([
  ['90s', 90],
  ['15m', 900],
  ['1h', 3_600],
  ['2d', 172_800],
])('%s is %i s', (text, seconds) => {
  expect(readDuration('--for', text)).toBe(seconds);
});

test.each(['1', '1 h', '-1h', '1w', ''])('"%s" is no duration', (text) => {
  expect(() => readDuration('--for', text)).toThrow('--for is a number with s, m, h or d');
});

test.each([
  [0, '0 s'],
  [119, '119 s'],
  [900, '15 min'],
  [7_500, '2 h 5 min'],
  [259_200, '3.0 d'],
])('%i s are spelled %s', (seconds, text) => {
  expect(spell(seconds)).toBe(text);
});
