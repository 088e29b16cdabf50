import type { Inventory } from './inventory.ts';

export type StepKind =
  | 'close-provisioning'
  | 'deprecate-thing-type'
  | 'delete-job'
  | 'delete-certificate'
  | 'delete-thing'
  | 'delete-policy-version'
  | 'delete-stream'
  | 'deactivate-authorizer'
  | 'empty-bucket';

/** One act of a purge. Doing it again is no error. */
export interface Step {
  readonly kind: StepKind;
  readonly name: string;
  /** Of a policy. */
  readonly version?: string;
}

export interface Phase {
  readonly kind: StepKind;
  /** What an operator reads. */
  readonly title: string;
  readonly steps: readonly Step[];
}

/**
 * The order of a purge:
 * no device may register any more; types are deprecated first, because their deletion waits five minutes after it; jobs
 * before the things they target; certificates before things, because a thing with a principal cannot be deleted.
 * Buckets last, because their objects are data, and only when asked for.
 */
export function planPurge(found: Inventory, options: { readonly emptyBuckets: boolean }): Phase[] {
  const { template } = found;
  const phases: Phase[] = [
    {
      kind: 'close-provisioning',
      title: 'disable the provisioning template, so that no device registers meanwhile',
      steps: template?.enabled === true ? [{ kind: 'close-provisioning', name: template.name }] : [],
    },
    {
      kind: 'deprecate-thing-type',
      title: 'deprecate thing types (AWS deletes them five minutes after that)',
      steps: found.thingTypes
        .filter(({ deprecated }) => !deprecated)
        .map(({ name }) => ({ kind: 'deprecate-thing-type', name })),
    },
    { kind: 'delete-job', title: 'cancel and delete jobs', steps: named('delete-job', found.jobs) },
    {
      kind: 'delete-certificate',
      title: 'deactivate, detach and delete certificates that hold the device policy',
      steps: named('delete-certificate', found.certificates),
    },
    {
      kind: 'delete-thing',
      title: 'delete things with their shadows and remaining certificates',
      steps: named('delete-thing', found.things),
    },
    {
      kind: 'delete-policy-version',
      title: 'delete policy versions that are no longer the default',
      steps: found.policies.flatMap(({ name, oldVersions }) =>
        oldVersions.map((version) => ({ kind: 'delete-policy-version' as const, name, version })),
      ),
    },
    { kind: 'delete-stream', title: 'delete streams', steps: named('delete-stream', found.streams) },
    {
      kind: 'deactivate-authorizer',
      title: 'deactivate authorizers (an active one cannot be deleted)',
      steps: named(
        'deactivate-authorizer',
        found.authorizers.map(({ name }) => name),
      ),
    },
    {
      kind: 'empty-bucket',
      title: 'delete all objects, with all versions, of buckets',
      steps: options.emptyBuckets ? named('empty-bucket', found.buckets) : [],
    },
  ];
  return phases.filter(({ steps }) => steps.length > 0);
}

function named(kind: StepKind, names: readonly string[]): Step[] {
  return names.map((name) => ({ kind, name }));
}

const SHOWN = 5;

/** The plan for people: each phase with its count and its first names. */
export function describePlan(phases: readonly Phase[]): string {
  if (phases.length === 0) return 'Nothing is in the way of `cdk destroy`.';
  return phases
    .map(({ steps, title }, at) => {
      const names = steps
        .slice(0, SHOWN)
        .map(({ name, version }) => shorten(name) + (version === undefined ? '' : ` version ${version}`));
      const more = steps.length > SHOWN ? `, and ${steps.length - SHOWN} more` : '';
      return `${at + 1}. ${title}: ${steps.length}\n   ${names.join(', ')}${more}`;
    })
    .join('\n');
}

/** A certificate is told by the beginning of its id. */
function shorten(name: string): string {
  return name.replace(/^arn:.*:cert\/([0-9a-f]{12})[0-9a-f]+$/, '$1…');
}
