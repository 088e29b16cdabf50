import type { AbortConfig, AbortCriteria } from '@aws-sdk/client-iot';
import type { ExecutionStatus } from './execution-status.ts';

export type StatusCounts = Readonly<Record<ExecutionStatus, number>>;

/**
 * The first criterion that is met, in their order (developer guide, `job-configurations-api`, "Abort configuration":
 * "AWS IoT checks sequentially and initiates a job abort if the threshold percentage is met").
 * `counts` are of all executions of the job, those that were retried included; canceled and removed ones were not
 * completed by a device and count for nothing.
 */
export function metAbortCriterion(config: AbortConfig | undefined, counts: StatusCounts): AbortCriteria | undefined {
  const completed = counts.SUCCEEDED + counts.FAILED + counts.REJECTED + counts.TIMED_OUT;
  return config?.criteriaList?.find((criterion) => {
    if (completed < (criterion.minNumberOfExecutedThings ?? 1)) return false;
    const failures = failuresOf(criterion, counts);
    return failures > 0 && (failures / completed) * 100 >= (criterion.thresholdPercentage ?? 0);
  });
}

function failuresOf({ failureType }: AbortCriteria, counts: StatusCounts): number {
  switch (failureType) {
    case 'FAILED':
    case 'REJECTED':
    case 'TIMED_OUT':
      return counts[failureType];
    default:
      return counts.FAILED + counts.REJECTED + counts.TIMED_OUT;
  }
}
