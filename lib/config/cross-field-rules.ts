import { stageSchema } from './platform-config.ts';

/** A rule between two settings that are each fine alone. */
interface CrossFieldRule {
  readonly path: readonly string[];
  readonly broken: (read: Reader) => boolean;
  readonly message: (read: Reader) => string;
}

type Reader = (...path: string[]) => number;

const RULES: readonly CrossFieldRule[] = [
  {
    // Timestream takes records into the memory store only within its retention (developer guide, "Storage").
    path: ['retention', 'maxOfflineHours'],
    broken: (read) => read('retention', 'maxOfflineHours') > read('retention', 'memoryHours'),
    message: (read) => `must be at most retention.memoryHours (${read('retention', 'memoryHours')})`,
  },
  {
    path: ['retention', 'magneticDays'],
    broken: (read) => read('retention', 'magneticDays') * 24 < read('retention', 'memoryHours'),
    message: (read) => `must span retention.memoryHours (${read('retention', 'memoryHours')})`,
  },
  {
    // A message must outlive its retries in the queue: the visibility timeout is six times the function's timeout.
    path: ['ingest', 'maxReceives'],
    broken: (read) =>
      read('ingest', 'maxReceives') * 6 * read('ingest', 'timeoutSeconds') >
      read('retention', 'deadLetterDays') * 86_400,
    message: () => 'must leave all retries within retention.deadLetterDays',
  },
  {
    // Lambda developer guide, "Using Lambda with Amazon SQS": a batch above 10 needs a window of at least 1 s.
    path: ['ingest', 'batchWindowSeconds'],
    broken: (read) => read('ingest', 'batchSize') > 10 && read('ingest', 'batchWindowSeconds') < 1,
    message: (read) => `must be at least 1 with ingest.batchSize ${read('ingest', 'batchSize')}`,
  },
];

export interface CrossFieldIssue {
  readonly path: readonly string[];
  readonly message: string;
  readonly value: unknown;
}

/** Works on settings that may be partly invalid: a rule over a value that is no number stays silent. */
export function crossFieldIssues(settings: Record<string, unknown>): CrossFieldIssue[] {
  const read: Reader = (group, key) => {
    const own = (settings[group as string] as Record<string, unknown> | undefined)?.[key as string];
    return typeof own === 'number' ? own : own === undefined ? defaultOf(group as string, key as string) : Number.NaN;
  };
  return RULES.filter((rule) => rule.broken(read)).map((rule) => ({
    path: rule.path,
    message: rule.message(read),
    value: read(...rule.path),
  }));
}

const DEFAULTS = stageSchema.parse({ provisioning: { sites: ['x'], deviceTypes: ['x'] } }) as unknown as Record<
  string,
  Record<string, number>
>;

function defaultOf(group: string, key: string): number {
  return DEFAULTS[group]?.[key] ?? Number.NaN;
}
