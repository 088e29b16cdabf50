import type { ComponentClock, ComponentLog } from '../../../shared/src/component.ts';

export type SourceState = 'starting' | 'good' | 'partly' | 'silent';

export interface SourceStatus {
  readonly state: SourceState;
  /** What the source does not do, in words. */
  readonly problem?: string;
  /** Answers, or messages of the source. */
  readonly answers: number;
  readonly failures: number;
  /** Unread, for they came too fast, or were rubbish. */
  readonly dropped: number;
}

/**
 * One source at work.
 *
 * INVARIANTS
 * - Nothing that the source does or sends makes it throw; its troubles are in its status and its points.
 * - After `stop` resolves it holds no socket and no timer.
 */
export interface FieldSource {
  start(): void;
  stop(): Promise<void>;
  status(): SourceStatus;
  /**
   * Writes a point that is writable, in its unit. Rejects with a {@link WriteRefused} when it was not written, or when
   * nobody knows.
   * @param expired whether it is too late; asked right before the value goes out
   */
  write(point: string, value: number | boolean, expired: () => boolean): Promise<void>;
}

export class WriteRefused extends Error {
  override readonly name = 'WriteRefused';
}

/** What sources stand on. */
export interface SourcePorts {
  readonly clock: ComponentClock;
  readonly random: () => number;
  readonly log: ComponentLog;
}
