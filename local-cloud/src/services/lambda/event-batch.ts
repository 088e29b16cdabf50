import type { Message } from '@aws-sdk/client-sqs';
import { MAX_SYNC_PAYLOAD_BYTES } from './limits.ts';

/** A message of a batch, by what tells it apart later. */
export interface BatchedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
}

const HEAD = '{"Records":[';
const TAIL = ']}';
const FIRST_CAPACITY = 64 * 1024;
/** UTF-8 bytes of a UTF-16 unit, at most. */
const UNIT_BYTES = 3;

/**
 * An SQS event that grows message by message, as the bytes that the function's process gets. Waiting for their batch
 * most messages outlive a young generation of the heap; bytes outside of it cost the collector nothing.
 */
export class EventBatch {
  readonly messages: BatchedMessage[] = [];
  readonly #size: number;
  readonly #record: (message: Message) => string;
  #bytes = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
  #length: number;
  #overflow = false;

  /** `record` gives a message's JSON in the event. */
  constructor(size: number, record: (message: Message) => string) {
    this.#size = size;
    this.#record = record;
    this.#length = this.#bytes.write(HEAD);
  }

  get room(): number {
    return this.#size - this.messages.length;
  }

  get full(): boolean {
    return this.#overflow || this.room === 0;
  }

  /** The whole event, JSON. Nothing can be added afterwards. */
  get event(): Buffer {
    const end = this.#length + this.#bytes.write(TAIL, this.#length);
    return this.#bytes.subarray(0, end);
  }

  /** Answers what does not fit. A message that fits no event at all goes alone. */
  takeFrom(messages: readonly Message[]): readonly Message[] {
    for (let index = 0; index < messages.length; index++) {
      if (this.room === 0 || !this.#add(messages[index] as Message)) {
        this.#overflow = true;
        return messages.slice(index);
      }
    }
    return [];
  }

  #add(message: Message): boolean {
    const record = this.#record(message);
    const needed = this.#length + record.length * UNIT_BYTES + TAIL.length + 1;
    if (needed > this.#bytes.length) this.#grow(needed);
    const first = this.messages.length === 0;
    const start = first ? this.#length : this.#length + this.#bytes.write(',', this.#length);
    const end = start + this.#bytes.write(record, start);
    if (end + TAIL.length > MAX_SYNC_PAYLOAD_BYTES && !first) return false;
    this.#length = end;
    this.messages.push({ messageId: message.MessageId as string, receiptHandle: message.ReceiptHandle as string });
    return true;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
