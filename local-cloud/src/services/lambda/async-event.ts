/** An event that waits for a function. */
export interface AsyncEvent {
  readonly functionName: string;
  readonly requestId: string;
  /** JSON */
  readonly payload: string;
  /** ms since the epoch */
  readonly acceptedAt: number;
  /** Attempts that the function has answered with an error. */
  readonly attempts: number;
  /** Attempts that were throttled. */
  readonly throttles: number;
  /** ms since the epoch */
  readonly notBefore: number;
}
