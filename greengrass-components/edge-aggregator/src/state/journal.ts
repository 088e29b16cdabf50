import { type AnomalyMessage, type FieldValue, QUALITIES } from '@fleetwright/contracts';
import { type AggregationSettings, aggregationSchema } from '../configuration.ts';
import type { Aggregation } from '../engine/aggregation.ts';
import type { RawRequest } from '../engine/raw-tap.ts';

/** Kinds of records. A number is never used again for something else. */
const KIND = { values: 1, name: 2, anomaly: 3, tick: 4, configure: 5, handed: 6, tap: 7, run: 8 } as const;

/** Series, time, value, and quality with a bit for booleans. */
const VALUE_BYTES = 4 + 8 + 8 + 1;
const BOOLEAN = 4;
const FIRST_BYTES = 64 * 1024;

/**
 * Lays down every call that changes an {@link Aggregation}, as bytes that {@link replay} makes again. Names of series are laid down
 * once in a journal and are numbers from then on.
 */
export class JournalWriter {
  #bytes = new ArrayBuffer(FIRST_BYTES);
  #view = new DataView(this.#bytes);
  #size = 0;
  readonly #names = new Map<string, number>();

  /** Bytes that wait to be taken. */
  get size(): number {
    return this.#size;
  }

  values(values: readonly FieldValue[], now: number): void {
    const indices = values.map(({ series }) => this.#indexOf(series));
    this.#room(11 + values.length * VALUE_BYTES);
    this.#byte(KIND.values);
    this.#double(now);
    this.#view.setUint16(this.#size, values.length);
    this.#size += 2;
    for (let at = 0; at < values.length; at++) {
      const { quality, time, value } = values[at] as FieldValue;
      this.#integer(indices[at] as number);
      this.#double(time);
      this.#double(Number(value));
      this.#byte(QUALITIES.indexOf(quality) + (typeof value === 'boolean' ? BOOLEAN : 0));
    }
  }

  anomaly({ series, time, value }: Pick<AnomalyMessage, 'series' | 'time' | 'value'>, now: number): void {
    const index = this.#indexOf(series);
    this.#room(29);
    this.#byte(KIND.anomaly);
    this.#integer(index);
    this.#double(time);
    this.#double(value);
    this.#double(now);
  }

  tick(now: number): void {
    this.#room(9);
    this.#byte(KIND.tick);
    this.#double(now);
  }

  configure(settings: AggregationSettings, now: number): void {
    this.#text(KIND.configure, JSON.stringify({ settings, now }));
  }

  tap(request: RawRequest | undefined): void {
    this.#text(KIND.tap, JSON.stringify(request ?? null));
  }

  handed(number: number): void {
    this.#room(9);
    this.#byte(KIND.handed);
    this.#double(number);
  }

  beginRun(run: string): void {
    this.#text(KIND.run, run);
  }

  /** What was laid down since the last time. */
  take(): Uint8Array {
    const taken = new Uint8Array(this.#bytes.slice(0, this.#size));
    this.#size = 0;
    return taken;
  }

  /** A new journal begins: names are unknown in it. */
  forgetNames(): void {
    this.#names.clear();
  }

  #indexOf(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const index = this.#names.size;
    this.#names.set(name, index);
    this.#text(KIND.name, name);
    return index;
  }

  #text(kind: number, text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.#room(5 + bytes.length);
    this.#byte(kind);
    this.#integer(bytes.length);
    new Uint8Array(this.#bytes).set(bytes, this.#size);
    this.#size += bytes.length;
  }

  #byte(value: number): void {
    this.#view.setUint8(this.#size, value);
    this.#size += 1;
  }

  #integer(value: number): void {
    this.#view.setUint32(this.#size, value);
    this.#size += 4;
  }

  #double(value: number): void {
    this.#view.setFloat64(this.#size, value);
    this.#size += 8;
  }

  #room(bytes: number): void {
    if (this.#size + bytes <= this.#bytes.byteLength) return;
    const larger = new ArrayBuffer(Math.max(this.#bytes.byteLength * 2, this.#size + bytes));
    new Uint8Array(larger).set(new Uint8Array(this.#bytes, 0, this.#size));
    this.#bytes = larger;
    this.#view = new DataView(larger);
  }
}

/** Makes the calls of a journal again. @param records whole ones, of one journal from its beginning */
export function replay(records: Uint8Array, aggregation: Aggregation): void {
  const view = new DataView(records.buffer, records.byteOffset, records.byteLength);
  const names: string[] = [];
  let at = 0;
  const double = (): number => {
    at += 8;
    return view.getFloat64(at - 8);
  };
  const integer = (): number => {
    at += 4;
    return view.getUint32(at - 4);
  };
  const text = (): string => {
    const length = integer();
    at += length;
    return new TextDecoder().decode(records.subarray(at - length, at));
  };
  const name = (): string => names[integer()] as string;
  const value = (): FieldValue => {
    const series = name();
    const time = double();
    const number = double();
    const flags = view.getUint8(at++);
    const quality = QUALITIES[flags & 3] ?? 'bad';
    return { series, time, value: (flags & BOOLEAN) === 0 ? number : number === 1, quality };
  };
  while (at < records.length) {
    const kind = view.getUint8(at++);
    switch (kind) {
      case KIND.values: {
        const now = double();
        at += 2;
        for (let left = view.getUint16(at - 2); left > 0; left--) aggregation.value(value(), now);
        break;
      }
      case KIND.name:
        names.push(text());
        break;
      case KIND.anomaly: {
        const anomaly = { series: name(), time: double(), value: double() };
        aggregation.anomaly(anomaly, double());
        break;
      }
      case KIND.tick:
        aggregation.tick(double());
        break;
      case KIND.configure: {
        const { now, settings } = JSON.parse(text());
        aggregation.configure(aggregationSchema.parse(settings), now);
        break;
      }
      case KIND.handed:
        aggregation.handed(double());
        break;
      case KIND.tap:
        aggregation.tap(JSON.parse(text()) ?? undefined);
        break;
      case KIND.run:
        aggregation.beginRun(text());
        break;
      default:
        throw new Error(`a record of the journal has kind ${kind}, which this version does not know`);
    }
  }
}
