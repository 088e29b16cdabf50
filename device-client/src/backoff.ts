export interface BackoffPolicy {
  /** ms before the second try */
  readonly base: number;
  /** ms, upper bound of any wait */
  readonly cap: number;
}

/**
 * Full jitter: an even draw between zero and the exponential bound, so that a fleet that lost its cloud together does
 * not come back together (AWS Architecture Blog, "Exponential Backoff And Jitter").
 * `attempt` counts from 0; `draw` is in [0, 1).
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, draw: number): number {
  return Math.floor(draw * Math.min(policy.cap, policy.base * 2 ** attempt));
}
