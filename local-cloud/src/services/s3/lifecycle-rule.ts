import { DAY_MS } from './limits.ts';
import type { StorageClass } from './object-record.ts';

/** When something happens to an object: some days after a moment, or at a date. */
export type LifecycleTime = { readonly days: number } | { readonly date: number };

export interface Transition {
  readonly when: LifecycleTime;
  readonly storageClass: StorageClass;
}

export interface LifecycleRule {
  readonly id: string;
  readonly enabled: boolean;
  readonly prefix: string;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly sizeGreaterThan?: number | undefined;
  readonly sizeLessThan?: number | undefined;
  readonly expiration?: LifecycleTime | undefined;
  readonly expiredObjectDeleteMarker: boolean;
  readonly transitions: readonly Transition[];
  readonly noncurrentExpiration?: { readonly days: number; readonly keep: number } | undefined;
  readonly noncurrentTransitions: readonly {
    readonly days: number;
    readonly keep: number;
    readonly storageClass: StorageClass;
  }[];
  readonly abortUploadsAfterDays?: number | undefined;
}

/** The rule as the lifecycle API's XML and CloudFormation's properties spell it: {@link readLifecycle} takes both. */
export interface RuleMatch {
  readonly key: string;
  readonly size: number;
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
}

export function ruleMatches(rule: LifecycleRule, object: RuleMatch): boolean {
  if (!rule.enabled || !object.key.startsWith(rule.prefix)) return false;
  if (rule.sizeGreaterThan !== undefined && object.size <= rule.sizeGreaterThan) return false;
  if (rule.sizeLessThan !== undefined && object.size >= rule.sizeLessThan) return false;
  return rule.tags.every((wanted) => object.tags.some((tag) => tag.Key === wanted.Key && tag.Value === wanted.Value));
}

/**
 * The moment at which a rule acts: the days are added to the object's time and the result is rounded up to the next
 * midnight UTC (user guide, "Lifecycle rules: Based on an object's age").
 */
export function dueAt(when: LifecycleTime, since: number): number {
  if ('date' in when) return when.date;
  return Math.ceil((since + when.days * DAY_MS) / DAY_MS) * DAY_MS;
}
