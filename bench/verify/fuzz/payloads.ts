import { MAX_PAYLOAD_BYTES } from '@fleetwright/contracts';
import { encode } from 'cbor-x';
import type { Dice } from '../dice.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';

/** Shares of the kinds of payloads, most of which should end as dead letters. */
const WEIGHTS = {
  valid: 12,
  'valid CBOR': 6,
  'mutated message': 22,
  'mutated bytes of JSON': 18,
  'mutated bytes of CBOR': 10,
  'values at an edge': 8,
  'times at an edge': 5,
  'random bytes': 8,
  'random text': 4,
  'random CBOR map': 3,
  'JSON that is no object': 2,
  deep: 1,
  large: 0.3,
  empty: 0.7,
};

export type PayloadKind = keyof typeof WEIGHTS;

const TOKENS = [
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '"',
  '"version"',
  '"samples"',
  '1',
  '-',
  '1e999',
  'null',
  'true',
  '\\u',
  ' ',
];
const DAY = 86_400_000;

/** Payloads of one device: each message has its own sequence number, so that what was stored can be told apart. */
export class PayloadSource {
  readonly #dice: Dice;
  readonly #bootId: number;
  readonly #now: () => number;
  #sequence = 0;

  constructor(dice: Dice, bootId: number, now: () => number) {
    this.#dice = dice;
    this.#bootId = bootId;
    this.#now = now;
  }

  next(): { readonly kind: PayloadKind; readonly bytes: Buffer } {
    const kind = this.#dice.weighted(WEIGHTS);
    // A larger payload ends the connection; that is for the fuzz of packets.
    return { kind, bytes: this.#make(kind).subarray(0, MAX_PAYLOAD_BYTES) };
  }

  #make(kind: PayloadKind): Buffer {
    const dice = this.#dice;
    switch (kind) {
      case 'valid':
        return json(this.#message());
      case 'valid CBOR':
        return encode(this.#message());
      case 'mutated message': {
        const mutated = mutateJson(dice, this.#message());
        return dice.chance(0.8) ? json(mutated) : encodable(mutated);
      }
      case 'mutated bytes of JSON':
        return mutateBytes(dice, json(this.#message()));
      case 'mutated bytes of CBOR':
        return mutateBytes(dice, encode(this.#message()));
      case 'values at an edge':
        return json(this.#message({ values: this.#edgeValues() }));
      case 'times at an edge':
        return json(this.#message({ time: this.#edgeTime() }));
      case 'random bytes':
        return dice.bytes(dice.between(1, 600));
      case 'random text':
        return Buffer.from(Array.from({ length: dice.between(1, 60) }, () => dice.pick(TOKENS)).join(''));
      case 'random CBOR map':
        return Buffer.concat([Buffer.from([dice.between(0xa0, 0xbf)]), dice.bytes(dice.between(0, 100))]);
      case 'JSON that is no object':
        return Buffer.from(dice.pick(['null', '1', '"x"', '[]', '[1]', 'true', '-0', '1e400', '"\\ud800"']));
      case 'deep': {
        const depth = dice.pick([100, 1_000, 20_000]);
        if (dice.chance(0.5)) return Buffer.from('[{"a":'.repeat(depth));
        return dice.chance(0.5)
          ? Buffer.from(`${'['.repeat(depth)}${']'.repeat(depth)}`)
          : Buffer.concat([Buffer.alloc(depth, Buffer.from([0xa1, 0x01])), Buffer.from([0x01])]);
      }
      case 'large':
        return dice.chance(0.5) ? this.#large() : dice.bytes(dice.pick([60_000, 131_072]));
      case 'empty':
        return Buffer.alloc(0);
    }
  }

  #message(sample: { time?: number; values?: Record<string, unknown> } = {}): object {
    const dice = this.#dice;
    const time = this.#now();
    const samples = Array.from({ length: dice.chance(0.8) ? 1 : dice.between(2, 12) }, (_, index) => ({
      time: sample.time ?? time - index,
      values: sample.values ?? {
        temperature: dice.int(10_000) / 100,
        running: dice.chance(0.5),
        mode: dice.pick(['auto', 'manual', 'ü𝒳"\\']),
        rpm: dice.int(2_000),
      },
    }));
    return { version: 1, bootId: this.#bootId, sequence: ++this.#sequence, samples };
  }

  #edgeValues(): Record<string, unknown> {
    const dice = this.#dice;
    const value = (): unknown =>
      dice.pick([
        0,
        -0,
        5e-324,
        1.7976931348623157e308,
        2 ** 53,
        -(2 ** 63),
        2 ** 64,
        0.1 + 0.2,
        '',
        'NaN',
        '\u0000',
        '\ud800',
        'x'.repeat(2048),
        'x'.repeat(2049),
        '𝒳'.repeat(1024),
        "'; DROP TABLE telemetry; --",
        true,
        false,
      ]);
    const name = (): string =>
      dice.pick([
        'v',
        'V',
        'temperature',
        'running',
        'mode',
        'a'.repeat(64),
        'a'.repeat(65),
        'select',
        'time_',
        'x_1',
        'TS_x',
      ]);
    return Object.fromEntries(
      Array.from({ length: dice.pick([1, 1, 2, 5, 100, 101]) }, (_, at) => [at < 2 ? name() : `n${at}`, value()]),
    );
  }

  #edgeTime(): number {
    const now = this.#now();
    const dice = this.#dice;
    return dice.pick([
      0,
      1,
      now + 14 * 60_000,
      now + 16 * 60_000,
      now - DAY,
      now - 73_000 * DAY,
      2 ** 53 - 1,
      2 ** 53,
      -1,
    ]);
  }

  /** As near to 128 KB as samples allow. */
  #large(): Buffer {
    const time = this.#now();
    const samples = Array.from({ length: 500 }, (_, index) => ({
      time: time - index,
      values: { v: index, text: 'x'.repeat(180) },
    }));
    return json({ version: 1, bootId: this.#bootId, sequence: ++this.#sequence, samples });
  }
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? 'null');
}

function encodable(value: unknown): Buffer {
  try {
    return encode(value);
  } catch {
    return json(value);
  }
}
