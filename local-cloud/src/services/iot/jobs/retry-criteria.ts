import type { JobExecutionsRetryConfig } from '@aws-sdk/client-iot';
import { MAX_RETRIES } from './limits.ts';
import type { RetryCause } from './records.ts';

/**
 * Whether an execution that ended by `cause` is to be tried again (developer guide, `jobs-configurations-details`,
 * "Job execution retry configuration"). `used` are the retries on this thing so far, by their cause.
 */
export function mayRetry(
  config: JobExecutionsRetryConfig | undefined,
  cause: RetryCause,
  used: Readonly<Record<RetryCause, number>>,
): boolean {
  const total = used.FAILED + used.TIMED_OUT;
  if (total >= MAX_RETRIES) return false;
  const criterion = config?.criteriaList?.find(({ failureType }) => failureType === cause || failureType === 'ALL');
  if (criterion === undefined) return false;
  return (criterion.failureType === 'ALL' ? total : used[cause]) < (criterion.numberOfRetries ?? 0);
}
