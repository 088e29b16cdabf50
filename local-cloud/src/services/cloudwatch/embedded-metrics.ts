import type { Log } from '../../core/log.ts';
import type { LogObserver } from '../../core/metrics.ts';
import { MAX_DIMENSIONS, MAX_VALUES_PER_DATUM, UNITS } from './limits.ts';
import { addValue, type Bucket, bucketOf } from './metrics/bucket.ts';
import type { Gain } from './metrics/metric-log.ts';
import { identityOf } from './metrics/series.ts';

type Event = Parameters<LogObserver['onLogEvents']>[2][number];

interface Directive {
  readonly Namespace?: unknown;
  readonly Dimensions?: unknown;
  readonly Metrics?: unknown;
}

/**
 * Metrics inside a log line (user guide, "Specification: Embedded metric format"): for each directive, each set of
 * dimensions and each metric, the values of the members that they name. A line that breaks the format has none, and the
 * cloud's log says so, as AWS counts it under `EMFValidationErrors`.
 */
export function embeddedMetrics(event: Event, log: Log): Gain[] {
  // Most lines are no embedded metrics, and are not worth parsing.
  if (!event.message.includes('"_aws"') || !event.message.includes('"CloudWatchMetrics"')) return [];
  let root: Record<string, unknown>;
  try {
    root = JSON.parse(event.message) as Record<string, unknown>;
  } catch {
    return [];
  }
  const metadata = root._aws as { Timestamp?: unknown; CloudWatchMetrics?: unknown } | undefined;
  if (!Array.isArray(metadata?.CloudWatchMetrics)) return [];
  const time = typeof metadata.Timestamp === 'number' ? metadata.Timestamp : event.timestamp;
  try {
    return metadata.CloudWatchMetrics.flatMap((directive: Directive) => gainsOf(root, directive, time));
  } catch (error) {
    log('warn', 'a log line in embedded metric format breaks the format: its metrics are not taken', {
      reason: error instanceof Error ? error.message : String(error),
    });
    return [];
  }
}

function gainsOf(root: Record<string, unknown>, directive: Directive, time: number): Gain[] {
  const { Namespace: namespace, Dimensions: sets = [[]], Metrics: metrics } = directive;
  if (typeof namespace !== 'string' || namespace === '') throw new Error('a directive has no Namespace');
  if (!Array.isArray(sets) || !Array.isArray(metrics)) throw new Error('Dimensions and Metrics must be lists');
  const gains: Gain[] = [];
  for (const set of sets as unknown[]) {
    const dimensions = dimensionsOf(root, set);
    for (const metric of metrics as { Name?: unknown; Unit?: unknown }[]) {
      if (typeof metric?.Name !== 'string') throw new Error('a metric has no Name');
      const unit = metric.Unit ?? 'None';
      if (typeof unit !== 'string' || !UNITS.includes(unit)) throw new Error(`the unit ${String(unit)} is unknown`);
      const bucket = bucketOfMember(root[metric.Name], metric.Name);
      if (bucket !== undefined)
        gains.push({ identity: identityOf(namespace, metric.Name, dimensions), unit, time, bucket });
    }
  }
  return gains;
}

function dimensionsOf(root: Record<string, unknown>, set: unknown): Record<string, string> {
  if (!Array.isArray(set) || set.length > MAX_DIMENSIONS)
    throw new Error('a set of dimensions is no list, or too long');
  const dimensions: Record<string, string> = {};
  for (const name of set as unknown[]) {
    const value = typeof name === 'string' ? root[name] : undefined;
    if (typeof value !== 'string') throw new Error(`the dimension ${String(name)} has no text in the line`);
    dimensions[name as string] = value;
  }
  return dimensions;
}

/** A number or a list of them; a metric that the line does not have is left out. */
function bucketOfMember(member: unknown, name: string): Bucket | undefined {
  if (member === undefined) return undefined;
  const values = Array.isArray(member) ? (member as unknown[]) : [member];
  if (values.length > MAX_VALUES_PER_DATUM) throw new Error(`the metric ${name} has too many values`);
  let bucket: Bucket | undefined;
  for (const value of values) {
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Error(`the metric ${name} is no number`);
    if (bucket === undefined) bucket = bucketOf(value);
    else addValue(bucket, value);
  }
  return bucket;
}
