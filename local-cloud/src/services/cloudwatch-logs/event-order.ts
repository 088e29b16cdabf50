/** A log event as kept. `sequence` grows by one with each event that its stream has taken. */
export interface StoredEvent {
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
  readonly sequence: number;
}

/** A place between two events of a stream: before the event of this time and sequence. */
export interface Boundary {
  readonly timestamp: number;
  readonly sequence: number;
}

export type Direction = 'ascending' | 'descending';

/** Which events to read. Every bound is optional; times are ms since the epoch. */
export interface EventRange {
  /** inclusive */
  readonly from?: number | undefined;
  /** exclusive */
  readonly until?: number | undefined;
  /** Events at or after (ascending) or before (descending) this place. */
  readonly boundary?: Boundary | undefined;
  readonly direction: Direction;
}

export function compareEvents(a: Boundary, b: Boundary): number {
  return a.timestamp - b.timestamp || a.sequence - b.sequence;
}

export function inRange(event: StoredEvent, range: EventRange): boolean {
  if (range.from !== undefined && event.timestamp < range.from) return false;
  if (range.until !== undefined && event.timestamp >= range.until) return false;
  if (range.boundary === undefined) return true;
  const order = compareEvents(event, range.boundary);
  return range.direction === 'ascending' ? order >= 0 : order < 0;
}
