import type { Delivery } from './delivery.ts';
import type { Transport } from './transport.ts';
import type { ProtocolVersion } from './wire/connect-packet.ts';
import { BY_NAME, publishLength, type TopicNaming, writePublish } from './wire/encode-publish.ts';

/** A successful PUBACK by its packet identifier, a PUBLISH by its delivery, any other packet by its bytes. */
type OutputItem = number | Delivery | Buffer;

const PUBACK_BYTES = 4;
/** Where packets are laid out before one write; larger than the largest packet. Its content never outlives a flush. */
const scratch = Buffer.allocUnsafeSlow(512 * 1024);

/**
 * Writes at the end of the turn: everything that one turn of the event loop has for a connection leaves in one write,
 * and so in as few TLS records as it fits.
 */
export class OutputFlusher {
  #dirty: Output[] = [];
  readonly #flush = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const output of dirty) output.flush();
  };

  add(output: Output): void {
    if (this.#dirty.length === 0) setImmediate(this.#flush);
    this.#dirty.push(output);
  }
}

/** Outgoing packets of one connection. */
export class Output {
  protocolVersion: ProtocolVersion = 4;
  /** Topic aliases that the client takes. */
  aliasMaximum = 0;
  readonly #socket: Transport;
  readonly #flusher: OutputFlusher;
  readonly #now: () => number;
  readonly #highWaterBytes: number;
  /** Made when the first alias is given: most clients take none. */
  #aliases: Map<string, TopicNaming> | undefined;
  readonly #onRoom: () => void;
  #items: OutputItem[] = [];
  /** Bytes of the items, about. */
  #pendingBytes = 0;

  /** `onRoom` is called when a connection that was backed up takes more again. */
  constructor(
    socket: Transport,
    flusher: OutputFlusher,
    now: () => number,
    highWaterBytes: number,
    onRoom: () => void,
  ) {
    this.#onRoom = onRoom;
    this.#socket = socket;
    this.#flusher = flusher;
    this.#now = now;
    this.#highWaterBytes = highWaterBytes;
    socket.on('drain', onRoom);
  }

  /** More waits, here and in the socket, than should. */
  get backedUp(): boolean {
    return this.#pendingBytes + this.#socket.writableLength > this.#highWaterBytes;
  }

  push(item: OutputItem): void {
    if (this.#items.length === 0) this.#flusher.add(this);
    this.#items.push(item);
    this.#pendingBytes += typeof item === 'number' ? PUBACK_BYTES : Buffer.isBuffer(item) ? item.length : item.size;
  }

  flush(): void {
    const items = this.#items;
    if (items.length === 0 || this.#socket.destroyed || !this.#socket.writable) return;
    const wasBackedUp = this.backedUp;
    this.#items = [];
    this.#pendingBytes = 0;
    let at = 0;
    for (const item of items) {
      if (typeof item === 'number') {
        if (at + PUBACK_BYTES > scratch.length) at = this.#write(at);
        scratch[at] = 0x40;
        scratch[at + 1] = 0x02;
        scratch[at + 2] = item >> 8;
        scratch[at + 3] = item & 0xff;
        at += PUBACK_BYTES;
      } else if (Buffer.isBuffer(item)) {
        if (at + item.length > scratch.length) at = this.#write(at);
        at += item.copy(scratch, at);
      } else at = this.#layOut(item, at);
    }
    this.#write(at);
    // A socket that still holds too much says so itself later, with 'drain'.
    if (wasBackedUp && !this.backedUp) this.#onRoom();
  }

  #layOut(delivery: Delivery, at: number): number {
    const { message } = delivery;
    if (message === undefined) return at;
    const naming = this.aliasMaximum === 0 ? BY_NAME : this.#name(message.topic);
    const length = publishLength(message, delivery.qos, this.protocolVersion, naming);
    const start = at + length > scratch.length ? this.#write(at) : at;
    return writePublish(scratch, start, delivery, message, this.protocolVersion, naming, this.#now());
  }

  /** The first topics get the aliases; the client is told each together with its name once [MQTT-3.3.2-7]. */
  #name(topic: string): TopicNaming {
    this.#aliases ??= new Map();
    const known = this.#aliases.get(topic);
    if (known !== undefined) return known;
    if (this.#aliases.size >= this.aliasMaximum) return BY_NAME;
    const alias = this.#aliases.size + 1;
    this.#aliases.set(topic, { alias, withName: false });
    return { alias, withName: true };
  }

  #write(length: number): number {
    if (length > 0) this.#socket.write(Buffer.from(scratch.subarray(0, length)));
    return 0;
  }
}
