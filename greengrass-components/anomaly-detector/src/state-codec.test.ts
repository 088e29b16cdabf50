import { STATE_LENGTH } from './detector/series-state.ts';
import { decodeState, encodeState, StateRefused } from './state-codec.ts';

const names = ['pump_level', 'a', 'oven_temperature'];
const state = Float64Array.from({ length: 3 * STATE_LENGTH }, (_, index) => Math.sin(index) * 10 ** (index % 200));

test('what was written is read again, to the bit', () => {
  for (const count of [0, 1, 2, 3]) {
    const stored = { names: names.slice(0, count), state: state.slice(0, count * STATE_LENGTH) };
    const read = decodeState(encodeState(stored));
    expect(read.names).toEqual(stored.names);
    expect(read.state).toEqual(stored.state);
  }
});

test('a file that was cut off or changed anywhere is refused', () => {
  const bytes = encodeState({ names, state });
  for (let length = 0; length < bytes.length; length += 41) {
    expect(() => decodeState(bytes.subarray(0, length))).toThrow(StateRefused);
  }
  for (let place = 0; place < bytes.length; place += 37) {
    const damaged = Buffer.from(bytes);
    damaged[place] = (damaged[place] ?? 0) ^ 0x10;
    expect(() => decodeState(damaged)).toThrow(StateRefused);
  }
});
