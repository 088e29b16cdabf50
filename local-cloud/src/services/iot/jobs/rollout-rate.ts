import type { JobExecutionsRolloutConfig } from '@aws-sdk/client-iot';
import { MAX_ROLLOUT_RATE } from './limits.ts';

export interface RolloutProgress {
  /** Things that have been notified of the job. */
  readonly notified: number;
  /** Executions that have succeeded. */
  readonly succeeded: number;
}

/**
 * Things to notify in the minute that begins now (developer guide, `jobs-configurations-details`, "Job rollout rates").
 * An exponential rate is multiplied once for each multiple of the threshold that has been reached; with both thresholds
 * set, by whichever is reached first.
 */
export function rolloutRate(config: JobExecutionsRolloutConfig | undefined, progress: RolloutProgress): number {
  const most = config?.maximumPerMinute ?? MAX_ROLLOUT_RATE;
  const exponential = config?.exponentialRate;
  if (exponential === undefined) return most;
  const { numberOfNotifiedThings, numberOfSucceededThings } = exponential.rateIncreaseCriteria ?? {};
  const increases = Math.max(
    steps(progress.notified, numberOfNotifiedThings),
    steps(progress.succeeded, numberOfSucceededThings),
  );
  const rate = (exponential.baseRatePerMinute ?? 1) * (exponential.incrementFactor ?? 1) ** increases;
  return Math.min(most, Math.floor(rate));
}

function steps(reached: number, threshold: number | undefined): number {
  return threshold === undefined ? 0 : Math.floor(reached / threshold);
}
