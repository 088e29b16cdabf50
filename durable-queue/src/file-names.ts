/**
 * Names of the files in a queue's directory. What a segment's name says cannot be lost to damage in the segment: rank,
 * number (the order within a rank), generation (a compacted segment replaces the one of its number) and salt.
 */
export interface SegmentName {
  readonly rank: number;
  readonly number: number;
  readonly generation: number;
  readonly salt: number;
}

export const LOCK_NAME = 'lock';
/** Files that are not finished. */
export const UNFINISHED_SUFFIX = '.new';

const SEGMENT = /^(\d)-(\d{10})-(\d{4,})-([0-9a-f]{8})\.segment$/;
const STATE = /^state-(\d{10})-([0-9a-f]{8})$/;

export function segmentFileName({ generation, number, rank, salt }: SegmentName): string {
  return `${rank}-${digits(number, 10)}-${digits(generation, 4)}-${hex(salt)}.segment`;
}

export function parseSegmentName(name: string): SegmentName | undefined {
  const match = SEGMENT.exec(name);
  if (match === null) return undefined;
  const [, rank, number, generation, salt] = match;
  return { rank: Number(rank), number: Number(number), generation: Number(generation), salt: Number(`0x${salt}`) };
}

export interface StateName {
  readonly number: number;
  readonly salt: number;
}

export function stateFileName({ number, salt }: StateName): string {
  return `state-${digits(number, 10)}-${hex(salt)}`;
}

export function parseStateName(name: string): StateName | undefined {
  const match = STATE.exec(name);
  return match === null ? undefined : { number: Number(match[1]), salt: Number(`0x${match[2]}`) };
}

function digits(value: number, length: number): string {
  return String(value).padStart(length, '0');
}

function hex(salt: number): string {
  return salt.toString(16).padStart(8, '0');
}
