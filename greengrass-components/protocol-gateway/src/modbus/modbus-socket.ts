import { Socket } from 'node:net';

/** Header of MODBUS Messaging on TCP/IP V1.0b, 3.1.3: transaction, protocol, length (with the unit), unit. */
const HEADER = 7;
const MAX_LENGTH = 254;
/** Frames that nobody asked for, on one connection. */
const MAX_STRAY = 100;

const READS: readonly number[] = [1, 2, 3, 4];
const REGISTER_READS: readonly number[] = [3, 4];
const WRITES: readonly number[] = [5, 6, 15, 16];

/**
 * A socket that shows its listeners whole, well-formed answers to the request that was written last, and nothing else: the
 * library above it takes a frame in parts for a shorter one, waits for ever after one it does not know, and drops all
 * requests at an answer that comes late.
 *
 * INVARIANT: never more than one frame and what has come of the next is held. Whoever sends rubbish loses the connection.
 */
export class ModbusSocket extends Socket {
  #held: Buffer = Buffer.alloc(0);
  #asked: number | undefined;
  #stray = 0;

  /** Answers that came too late, or to nothing. */
  get stray(): number {
    return this.#stray;
  }

  // Not `write`: that one is put back by `connect`.
  override _write(chunk: unknown, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (Buffer.isBuffer(chunk) && chunk.length >= 2) this.#asked = chunk.readUInt16BE();
    super._write(chunk, encoding, done);
  }

  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    const [data] = parameters;
    if (event !== 'data' || !Buffer.isBuffer(data)) return super.emit(event as string, ...parameters);
    this.#take(data);
    return true;
  }

  #take(data: Buffer): void {
    this.#held = this.#held.length === 0 ? data : Buffer.concat([this.#held, data]);
    while (this.#held.length > HEADER && !this.destroyed) {
      const length = this.#held.readUInt16BE(4);
      const isModbus = this.#held.readUInt16BE(2) === 0 && length >= 3 && length <= MAX_LENGTH;
      if (isModbus && this.#held.length < 6 + length) return;
      const frame = this.#held.subarray(0, 6 + length);
      this.#held = this.#held.subarray(6 + length);
      if (!isModbus) this.#refuse('is no Modbus');
      else if (frame.readUInt16BE() !== this.#asked) {
        if (++this.#stray > MAX_STRAY) this.#refuse('sends answers that nobody asked for');
      } else if (!isWellFormed(frame)) this.#refuse('sends a malformed answer');
      else {
        this.#asked = undefined;
        super.emit('data', frame);
      }
    }
  }

  #refuse(problem: string): void {
    this.#held = Buffer.alloc(0);
    this.destroy(new Error(problem));
  }
}

/** Whether the frame's length is what its function code and byte count say (MODBUS Application Protocol V1.1b3, 6 and 7). */
function isWellFormed(frame: Buffer): boolean {
  const code = frame.readUInt8(HEADER);
  const body = frame.length - HEADER;
  const known = (of: number): boolean => READS.includes(of) || WRITES.includes(of);
  if (code > 0x80) return known(code - 0x80) && body === 2;
  if (WRITES.includes(code)) return body === 5;
  if (!READS.includes(code)) return false;
  const count = frame.readUInt8(HEADER + 1);
  return body === 2 + count && !(REGISTER_READS.includes(code) && count % 2 === 1);
}
