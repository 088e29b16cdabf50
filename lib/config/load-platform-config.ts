import type { z } from 'zod';
import { crossFieldIssues } from './cross-field-rules.ts';
import { mistakenGroups, withCoreType } from './edge-settings.ts';
import { isObject, type Json, mergeSettings } from './merge-settings.ts';
import {
  type PlatformConfig,
  projectSchema,
  type StageConfig,
  stageNameSchema,
  stageSchema,
} from './platform-config.ts';
import { mistakenTypes } from './prediction-settings.ts';

/** Everything that is wrong with a configuration, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly issues: readonly string[];
  constructor(issues: readonly string[]) {
    super(`invalid configuration:\n${issues.map((issue) => `  - ${issue}`).join('\n')}`);
    this.issues = issues;
  }
}

type Path = readonly PropertyKey[];
const KNOWN_KEYS = ['project', 'defaults', 'stages'];

/**
 * Reads the context key `fleetwright`: `{ project, defaults?, stages: { <name>: … } }`. A stage's own settings are
 * laid over `defaults`. Every stage is checked, so that a mistake in one that is not deployed today shows today.
 * @throws ConfigError with all issues, each naming path and value
 */
export function loadPlatformConfig(raw: unknown, stage: unknown): PlatformConfig {
  if (!isObject(raw))
    throw new ConfigError([`fleetwright: must be an object in the context of cdk.json, got ${show(raw)}`]);
  const issues: string[] = [];
  for (const key of Object.keys(raw)) {
    if (!KNOWN_KEYS.includes(key)) issues.push(`fleetwright.${key}: is not a known setting`);
  }
  collect(issues, projectSchema.safeParse(raw.project), ['project'], raw.project);

  const defaults = raw.defaults ?? {};
  if (!isObject(defaults)) issues.push(`fleetwright.defaults: must be an object, got ${show(defaults)}`);
  const stages = isObject(raw.stages) ? raw.stages : {};
  if (Object.keys(stages).length === 0)
    issues.push(`fleetwright.stages: must name at least one stage, got ${show(raw.stages)}`);

  const settings = new Map<string, StageConfig>();
  for (const [name, own] of Object.entries(stages)) {
    collect(issues, stageNameSchema.safeParse(name), ['stages', name], name);
    if (!isObject(own)) {
      issues.push(`fleetwright.stages.${name}: must be an object, got ${show(own)}`);
      continue;
    }
    const merged = withCoreType(isObject(defaults) ? mergeSettings(defaults, own) : own);
    const origin = (path: Path): Path =>
      holds(own, path) || !isObject(defaults) || !holds(defaults, path)
        ? ['stages', name, ...path]
        : ['defaults', ...path];
    const parsed = stageSchema.safeParse(merged);
    collect(issues, parsed, [], merged, origin);
    if (parsed.success) settings.set(name, parsed.data);
    for (const issue of [...crossFieldIssues(merged), ...mistakenTypes(merged), ...mistakenGroups(merged)]) {
      issues.push(`${dotted(origin(issue.path))}: ${issue.message}, got ${show(issue.value)}`);
    }
  }

  if (typeof stage !== 'string' || !(stage in stages)) {
    issues.push(`stage: must be one of ${Object.keys(stages).join(', ') || '(none)'}, got ${show(stage)}`);
  }
  const unique = [...new Set(issues)];
  const chosen = settings.get(String(stage));
  if (unique.length > 0 || chosen === undefined) throw new ConfigError(unique);
  return { project: raw.project as string, stage: String(stage), settings: chosen };
}

function collect(
  issues: string[],
  result: z.ZodSafeParseResult<unknown>,
  base: Path,
  value: unknown,
  origin: (path: Path) => Path = (path) => [...base, ...path],
): void {
  for (const issue of result.error?.issues ?? []) {
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) issues.push(`${dotted(origin([...issue.path, key]))}: is not a known setting`);
    } else {
      issues.push(`${dotted(origin(issue.path))}: ${issue.message}, got ${show(valueAt(value, issue.path))}`);
    }
  }
}

function dotted(path: Path): string {
  return ['fleetwright', ...path.map(String)].join('.');
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

function holds(value: Json, path: Path): boolean {
  return valueAt(value, path) !== undefined;
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}
