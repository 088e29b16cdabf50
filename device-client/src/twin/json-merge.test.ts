import { seededRandom } from '../sensors/random.ts';
import { applyPatch, type Json, type JsonObject, patchBetween, sameJson } from './json-merge.ts';

// Source: IoT developer guide, `device-shadow-document`: null removes a property, arrays are replaced as a whole.

test('objects are merged, arrays and other values replaced, null removes', () => {
  const target = { keep: 1, gone: 1, deep: { x: 1, y: 2 }, list: [1, 2] };
  const patch = { gone: null, deep: { y: 3, z: 4 }, list: [3], fresh: { a: null, b: 1 } };
  expect(applyPatch(target, patch)).toEqual({ keep: 1, deep: { x: 1, y: 3, z: 4 }, list: [3], fresh: { b: 1 } });
  expect(target).toEqual({ keep: 1, gone: 1, deep: { x: 1, y: 2 }, list: [1, 2] });
});

test('a patch is the least that makes one state of another', () => {
  expect(patchBetween({ a: 1, b: { x: 1, y: 2 } }, { a: 1, b: { x: 1, y: 3 } })).toEqual({ b: { y: 3 } });
  expect(patchBetween({ a: 1, b: 2 }, { b: 2 })).toEqual({ a: null });
  expect(patchBetween({ a: { x: 1 } }, { a: { x: 1 } })).toBeUndefined();
  expect(patchBetween({ a: { x: 1 } }, { a: [1] })).toEqual({ a: [1] });
});

test('whatever two states are, the patch between them makes the one of the other', () => {
  const random = seededRandom(7);
  const draw = (below: number): number => Math.floor(random() * below);
  const value = (depth: number): Json => {
    const kind = draw(depth > 2 ? 3 : 5);
    if (kind === 0) return draw(3);
    if (kind === 1) return draw(2) === 0;
    if (kind === 2) return ['a', '', '__proto__'][draw(3)] as string;
    if (kind === 3) return Array.from({ length: draw(3) }, () => draw(3));
    return object(depth + 1);
  };
  const object = (depth: number): JsonObject => {
    const names = ['a', 'b', 'c', '__proto__', 'toString'].filter(() => draw(2) === 0);
    return Object.fromEntries(names.map((name) => [name, value(depth)]));
  };
  for (let round = 0; round < 2_000; round++) {
    const from = object(0);
    const to = object(0);
    const patch = patchBetween(from, to);
    const made = patch === undefined ? from : applyPatch(from, patch);
    expect([from, to, sameJson(made, to)]).toEqual([from, to, true]);
    expect(patch === undefined).toBe(sameJson(from, to));
  }
});
