import type { Deadline } from './deadline-heap.ts';
import type { MessageContent } from './message-record.ts';

export const VISIBLE = 0;
export const IN_FLIGHT = 1;
export const DELAYED = 2;
export const GONE = 3;

/** A message's place in its queue: all that memory holds of it for sure. `deadline` is the end of its hiding. */
export interface Message extends Deadline {
  /** Id in the message log. */
  readonly id: number;
  /** Bytes of its record. */
  readonly bytes: number;
  /** ms since the epoch */
  readonly sentTimestamp: number;
  state: typeof VISIBLE | typeof IN_FLIGHT | typeof DELAYED | typeof GONE;
  /** Receives in this queue. */
  receives: number;
  /** ms since the epoch, 0 before the first receive. */
  firstReceivedAt: number;
  /** Undefined when the body cache was full. */
  content: MessageContent | undefined;
}

export function newMessage(id: number, bytes: number, sentTimestamp: number): Message {
  return {
    deadline: 0,
    heapIndex: -1,
    id,
    bytes,
    sentTimestamp,
    state: VISIBLE,
    receives: 0,
    firstReceivedAt: 0,
    content: undefined,
  };
}
