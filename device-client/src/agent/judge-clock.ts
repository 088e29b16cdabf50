/** ms since the epoch. This agent was not written before it, so no right clock of a device that runs it is. */
export const AGENT_BUILT = Date.UTC(2026, 10, 1);

/** What a server that proved itself said. Times in ms since the epoch. */
export interface ServerTime {
  readonly time: number;
  /** How far the time may be off: its resolution and half of the way there and back. */
  readonly uncertainty: number;
  /** When all certificates of the server are valid. */
  readonly validFrom: number;
  readonly validTo: number;
}

export interface ClockEvidence {
  /** The system's clock, ms since the epoch. */
  readonly now: number;
  /** No right clock is before it: the agent was written, and the device has seen that time. */
  readonly floor: number;
  readonly tolerance: number;
  readonly server?: ServerTime | undefined;
}

export type ClockVerdict =
  /** Right, or nothing speaks against it. */
  | { readonly kind: 'plausible'; readonly proven: boolean }
  /**
   * Wrong by `offset` ms (to be added). With `blocksTls` no TLS connection can succeed until the system's own clock is
   * right, because certificates are judged by it.
   */
  | { readonly kind: 'wrong'; readonly offset: number; readonly blocksTls: boolean; readonly why: string }
  /** Wrong, and nobody has said what is right. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The server's word cannot be taken: it lies before what the device knows, or outside of its own certificates. */
  | { readonly kind: 'disputed'; readonly why: string };

/** What is to be thought of the system's clock. */
export function judgeClock({ floor, now, server, tolerance }: ClockEvidence): ClockVerdict {
  if (server === undefined) {
    if (now >= floor) return { kind: 'plausible', proven: false };
    return { kind: 'lost', why: `the clock says ${iso(now)}, which is before ${iso(floor)}` };
  }
  if (server.time + server.uncertainty < floor) {
    return { kind: 'disputed', why: `the server says ${iso(server.time)}, which is before ${iso(floor)}` };
  }
  if (server.time < server.validFrom || server.time > server.validTo) {
    return { kind: 'disputed', why: `the server says ${iso(server.time)}, when its certificates are not valid` };
  }
  const offset = server.time - now;
  if (Math.abs(offset) <= tolerance + server.uncertainty) return { kind: 'plausible', proven: true };
  return {
    kind: 'wrong',
    offset,
    blocksTls: now < server.validFrom || now > server.validTo,
    why: `the clock says ${iso(now)}, the server ${iso(server.time)}`,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}
