import type { StageResource } from '../operator/stage-stacks.ts';
import { belongsTo } from '../operator/stage-stacks.ts';

/** What was found of a stage outside its stacks, and what of its stacks a deletion would stumble over. */
export interface Inventory {
  readonly template: { readonly name: string; readonly enabled: boolean } | undefined;
  readonly thingTypes: readonly { readonly name: string; readonly deprecated: boolean }[];
  readonly things: readonly string[];
  /** ARNs of certificates that hold the device policy. Those of things are found with their things. */
  readonly certificates: readonly string[];
  readonly jobs: readonly string[];
  readonly policies: readonly { readonly name: string; readonly oldVersions: readonly string[] }[];
  readonly streams: readonly string[];
  readonly authorizers: readonly { readonly name: string; readonly isDefault: boolean }[];
  /** Buckets of the stacks that hold objects. */
  readonly buckets: readonly string[];
}

export interface FoundJob {
  readonly jobId: string;
  readonly targets: readonly string[];
}

/** A job is the stage's when all that it targets is; one that also targets others is theirs too. */
export function ownJobs(
  jobs: readonly FoundJob[],
  things: ReadonlySet<string>,
  groups: ReadonlySet<string>,
): { own: string[]; shared: string[] } {
  const own: string[] = [];
  const shared: string[] = [];
  for (const { jobId, targets } of jobs) {
    const mine = targets.filter((arn) => {
      const [, kind, name] = /:(thing|thinggroup)\/(.+)$/.exec(arn) ?? [];
      return name !== undefined && (kind === 'thing' ? things : groups).has(name);
    });
    if (mine.length > 0) (mine.length === targets.length ? own : shared).push(jobId);
  }
  return { own, shared };
}

export interface FoundThing {
  readonly thingName: string;
  readonly thingTypeName: string | undefined;
}

/**
 * A thing is the stage's when it has one of its types, or is in its group under one of its names. A thing of somebody
 * else that was put into the group is not.
 */
export function ownThings(
  typed: readonly FoundThing[],
  grouped: readonly string[],
  prefix: string,
  otherPrefixes: readonly string[],
): string[] {
  const own = new Set(typed.map(({ thingName }) => thingName));
  for (const name of grouped) if (belongsTo(prefix, otherPrefixes, name)) own.add(name);
  return [...own].sort();
}

/** Names of one type among the stage's resources. */
export function physicalIds(resources: readonly StageResource[], type: string): string[] {
  return resources.filter((resource) => resource.type === type).map(({ physicalId }) => physicalId);
}
