import {
  contentAt,
  contentLengthAt,
  KIND,
  kindAt,
  lengthAt,
  nameAt,
  scanRecords,
  sequenceAt,
  timeAt,
} from './record.ts';
import type { Segment } from './segment.ts';

export interface StoredItem {
  readonly sequence: number;
  readonly time: number;
  /** Of the record. */
  readonly recordBytes: number;
  readonly contentBytes: number;
  /** A copy. */
  content(): Buffer;
}

interface ChannelPlaces {
  readonly name: Buffer;
  /** Of the records, ascending, as are their sequences. */
  readonly places: number[];
}

/** The content of one segment, verified and sorted by channel: what a lane keeps in memory to read from. */
export class LoadedSegment {
  readonly segment: Segment;
  #bytes: Buffer = Buffer.alloc(0);
  #end = 0;
  #channels: ChannelPlaces[] = [];
  #damagedBytes = 0;

  constructor(segment: Segment) {
    this.segment = segment;
  }

  /** How much of the segment is here. */
  get end(): number {
    return this.#end;
  }

  get damagedBytes(): number {
    return this.#damagedBytes;
  }

  /** Takes what follows `end`. What comes first is kept, what follows is copied. @param most bytes that a segment grows to, but for its first item */
  extend(more: Buffer, most: number): void {
    const length = this.#end + more.length;
    if (length > this.#bytes.length) {
      const larger =
        this.#end === 0 ? more : Buffer.allocUnsafeSlow(Math.max(length, Math.min(most, 2 * this.#bytes.length)));
      if (larger !== more) this.#bytes.copy(larger, 0, 0, this.#end);
      this.#bytes = larger;
    }
    if (this.#bytes !== more) more.copy(this.#bytes, this.#end);
    const bytes = this.#bytes.subarray(0, length);
    const { end, holes } = scanRecords(bytes, this.segment.id.salt, (at) => this.#note(at), this.#end);
    for (const hole of holes) this.#damagedBytes += hole.to - hole.from;
    this.#damagedBytes += length - end;
    this.#end = length;
  }

  /** Items of a channel above a sequence, in order. */
  *items(name: Buffer, above: number): Generator<StoredItem> {
    const places = this.#channels.find((channel) => channel.name.equals(name))?.places ?? [];
    for (let index = this.#firstAbove(places, above); index < places.length; index++) {
      const at = places[index] as number;
      const bytes = this.#bytes;
      const sequence = sequenceAt(bytes, at);
      // The same item may stand twice when a write that had failed was made again.
      if (sequence <= above) continue;
      above = sequence;
      yield {
        sequence,
        time: timeAt(bytes, at),
        recordBytes: lengthAt(bytes, at),
        contentBytes: contentLengthAt(bytes, at),
        content: () => Buffer.from(contentAt(bytes, at)),
      };
    }
  }

  #firstAbove(places: readonly number[], sequence: number): number {
    let low = 0;
    let high = places.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sequenceAt(this.#bytes, places[middle] as number) > sequence) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #note(at: number): void {
    if (kindAt(this.#bytes, at) !== KIND.item) return;
    const name = nameAt(this.#bytes, at);
    let channel = this.#channels.find((known) => known.name.equals(name));
    if (channel === undefined) {
      channel = { name: Buffer.from(name), places: [] };
      this.#channels.push(channel);
    }
    channel.places.push(at);
  }
}
