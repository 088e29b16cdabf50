import type { Dice } from '../dice.ts';

/** A value in the place of another, to see who checks types and bounds. */
const STRANGERS: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => '',
  () => 0,
  () => -1,
  () => 1.5,
  () => 1e308,
  () => Number.MAX_SAFE_INTEGER + 2,
  () => -0,
  () => [],
  () => {
    return {};
  },
  () => [[[]]],
  () => ({ __proto__: null, constructor: 'x' }),
  () => JSON.parse('{"__proto__":{"polluted":true}}'),
  () => '\u0000',
  () => '\ud800',
  () => '𝒳'.repeat(40),
  () => '../../../etc/passwd',
  () => '${jndi:x}',
  () => "' OR 1=1 --",
  () => '%00%ff%2e%2e',
  () => 'a'.repeat(5_000),
  () => '2026-02-30T25:61:61Z',
  () => 'AAAA====',
  () => 'NaN',
  () => 'constructor',
  () => '__proto__',
  () => 'toString',
  () => 'arn:aws:iam::111122223333:role/',
  () => 'arn:aws:::::',
];

const STRANGE_KEYS = ['__proto__', 'constructor', 'toString', '', 'length', 'a'.repeat(300), '\u0000', 'ключ'];

/** A copy of a JSON value with one to three of its parts replaced, removed, added, doubled or buried deep. */
export function mutateJson(dice: Dice, original: unknown): unknown {
  let value = structuredClone(original);
  for (let count = dice.between(1, 3); count > 0; count--) value = mutateOnce(dice, value);
  return value;
}

function mutateOnce(dice: Dice, value: unknown): unknown {
  // Going down rather than stopping, most of the time: the interesting checks are at the leaves.
  if (Array.isArray(value) && value.length > 0 && dice.chance(0.8)) {
    const at = dice.int(value.length);
    if (dice.chance(0.15)) value.push(structuredClone(value[at]));
    else if (dice.chance(0.1)) value.splice(at, 1);
    else value[at] = mutateOnce(dice, value[at]);
    return value;
  }
  if (isRecord(value) && Object.keys(value).length > 0 && dice.chance(0.85)) {
    const key = dice.pick(Object.keys(value));
    const change = dice.int(10);
    if (change === 0) delete value[key];
    else if (change === 1) define(value, dice.pick(STRANGE_KEYS), dice.pick(STRANGERS)());
    else define(value, key, mutateOnce(dice, value[key]));
    return value;
  }
  if (typeof value === 'string' && dice.chance(0.4)) return mutateText(dice, value);
  if (typeof value === 'number' && dice.chance(0.4)) return value * dice.pick([-1, 10, 1000, 1e12, 0.1]);
  if (dice.chance(0.03)) return buried(value, dice.pick([5, 40, 400]));
  return dice.pick(STRANGERS)();
}

function mutateText(dice: Dice, text: string): string {
  const at = dice.int(text.length + 1);
  switch (dice.int(4)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return (
        text.slice(0, at) + dice.pick(['/', '\n', '"', '#', '+', '*', '$', '\u0000', ' ', '🙂', '%']) + text.slice(at)
      );
    case 2:
      return text.repeat(dice.pick([2, 10, 100]));
    default:
      return dice.chance(0.5) ? text.toUpperCase() : text.split('').reverse().join('');
  }
}

function buried(value: unknown, depth: number): unknown {
  let outer = value;
  for (let level = 0; level < depth; level++) outer = level % 2 === 0 ? [outer] : { a: outer };
  return outer;
}

/** As own property, whatever the name. */
function define(target: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
