import { receiptHandleIsInvalid } from './errors.ts';

/** Which receive of which message a handle stands for. */
export interface Receipt {
  /** Id in the message log. */
  readonly logId: number;
  /** Receives of the message in this queue, counted when the handle was given out. */
  readonly receive: number;
}

/**
 * A handle is opaque to clients: base64url of `<key of the queue>:<log id>:<receive>`. The queue's key, made at its
 * creation, refuses handles of other queues and of a deleted queue of the same name.
 */
export function encodeReceiptHandle(handleKey: string, logId: number, receive: number): string {
  return Buffer.from(`${handleKey}:${logId}:${receive}`, 'latin1').toString('base64url');
}

/** @throws AwsError `ReceiptHandleIsInvalid` */
export function decodeReceiptHandle(handleKey: string, handle: string): Receipt {
  const match = /^([0-9a-f]+):(\d+):(\d+)$/.exec(Buffer.from(handle, 'base64url').toString('latin1'));
  if (match === null || match[1] !== handleKey) throw receiptHandleIsInvalid(handle);
  return { logId: Number(match[2]), receive: Number(match[3]) };
}
