import { AwsError } from '../../core/errors.ts';
import type { Boundary, Direction } from './event-order.ts';
import { TOKEN_LIFETIME_MS } from './limits.ts';

/** A place in a group's events: time, then stream, then sequence within the stream. */
export interface PagePosition extends Boundary {
  /** Stream's id; 0 within a single stream. */
  readonly stream: number;
  readonly direction: Direction;
}

/** Page tokens as GetLogEvents and FilterLogEvents hand them out: `f/…` reads on ascending, `b/…` descending. */
export function pageToken(position: PagePosition, now: number): string {
  const digits = [position.timestamp, position.stream, position.sequence].join('-');
  return `${position.direction === 'ascending' ? 'f' : 'b'}/${digits}/${now}`;
}

/** @throws AwsError `InvalidParameterException` for text that is no token, or one older than 24 hours */
export function readPageToken(token: string, now: number): PagePosition {
  const match = /^([fb])\/(\d+)-(\d+)-(\d+)\/(\d+)$/.exec(token);
  if (match === null) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  const [, direction, timestamp, stream, sequence, issued] = match;
  if (now - Number(issued) > TOKEN_LIFETIME_MS) {
    throw new AwsError('InvalidParameterException', 'The specified nextToken has expired.');
  }
  return {
    direction: direction === 'f' ? 'ascending' : 'descending',
    timestamp: Number(timestamp),
    stream: Number(stream),
    sequence: Number(sequence),
  };
}

/** Token of a list ordered by name: the last name of the page. */
export function nameToken(name: string): string {
  return Buffer.from(name).toString('base64url');
}

export function readNameToken(token: string): string {
  const name = Buffer.from(token, 'base64url').toString();
  if (nameToken(name) !== token) throw new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
  return name;
}
