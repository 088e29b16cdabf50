import { AwsError } from '../../core/errors.ts';
import { invalidArgument } from './errors.ts';
import { ITERATOR_LIFETIME } from './limits.ts';

/** Where a reader stands: opaque to it. */
export interface ShardPosition {
  /** number of the stream */
  readonly stream: number;
  readonly shardId: string;
  /** log id of the next record */
  readonly from: number;
  /** ms since the epoch */
  readonly issuedAt: number;
}

export function encodeIterator({ stream, shardId, from, issuedAt }: ShardPosition): string {
  return Buffer.from(JSON.stringify([stream, shardId, from, issuedAt])).toString('base64');
}

/** @throws AwsError `InvalidArgument`, `ExpiredIterator` (five minutes after it was given out) */
export function decodeIterator(text: string | undefined, now: number): ShardPosition {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(text ?? '', 'base64').toString('utf8'));
  } catch {
    throw invalidArgument('Invalid ShardIterator.');
  }
  const [stream, shardId, from, issuedAt] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (
    typeof stream !== 'number' ||
    typeof shardId !== 'string' ||
    typeof from !== 'number' ||
    typeof issuedAt !== 'number'
  ) {
    throw invalidArgument('Invalid ShardIterator.');
  }
  if (now >= issuedAt + ITERATOR_LIFETIME) {
    throw new AwsError(
      'ExpiredIteratorException',
      `Iterator expired. The iterator was created at time ${new Date(issuedAt).toUTCString()} while right now it is ${new Date(now).toUTCString()} which is further in the future than the tolerated delay of ${ITERATOR_LIFETIME} milliseconds.`,
    );
  }
  return { stream, shardId, from, issuedAt };
}
