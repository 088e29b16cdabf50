import { readFileSync } from 'node:fs';
import { reasonOf } from '../errors.ts';
import { type AgentConfig, agentConfigSchema } from './agent-config.ts';
import { ENVIRONMENT_PREFIX, environmentName, flagName, SETTINGS, type SettingKind } from './setting-names.ts';

/** Everything that is wrong with the settings, one line each. */
export class AgentConfigError extends Error {
  override readonly name = 'AgentConfigError';
  readonly issues: readonly string[];
  constructor(issues: readonly string[]) {
    super(`invalid configuration:\n${issues.map((issue) => `  - ${issue}`).join('\n')}`);
    this.issues = issues;
  }
}

export interface ConfigSources {
  /** Path of the configuration file, JSON. */
  readonly file?: string | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** By name of the flag, without dashes. */
  readonly flags: Readonly<Record<string, string>>;
}

type Tree = Record<string, unknown>;
/** Variables of the prefix that are no settings. */
const OTHER_VARIABLES = new Set([`${ENVIRONMENT_PREFIX}CONFIG`]);

/**
 * The settings: flags before environment before file before defaults.
 * @throws AgentConfigError with all issues, each naming setting, value and where it was given
 */
export function loadAgentConfig(sources: ConfigSources): AgentConfig {
  const issues: string[] = [];
  const settings = sources.file === undefined ? {} : readTree(sources.file, issues);
  const origins = new Map<string, string>();
  for (const [setting, kind] of Object.entries(SETTINGS)) {
    const variable = environmentName(setting);
    const flag = flagName(setting);
    const given: readonly [string | undefined, string][] = [
      [sources.environment[variable], variable],
      [sources.flags[flag], `--${flag}`],
    ];
    for (const [text, origin] of given) {
      if (text === undefined) continue;
      put(settings, setting.split('.'), givenValue(text, kind));
      origins.set(setting, origin);
    }
  }
  const variables = new Set(Object.keys(SETTINGS).map(environmentName));
  for (const name of Object.keys(sources.environment)) {
    if (name.startsWith(ENVIRONMENT_PREFIX) && !variables.has(name) && !OTHER_VARIABLES.has(name)) {
      issues.push(`${name}: is not a known variable`);
    }
  }
  const flags = new Set(Object.keys(SETTINGS).map(flagName));
  for (const name of Object.keys(sources.flags)) if (!flags.has(name)) issues.push(`--${name}: is not a known flag`);
  const parsed = agentConfigSchema.safeParse(settings);
  for (const issue of parsed.error?.issues ?? []) {
    const at = issue.path.map(String);
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) issues.push(`${[...at, key].join('.')}: is not a known setting`);
      continue;
    }
    const setting = at.join('.');
    const origin = origins.get(setting) ?? sources.file;
    const value = valueAt(settings, at);
    const received = value === undefined ? 'is missing' : `${issue.message}, got ${JSON.stringify(value)}`;
    issues.push(`${setting}: ${received}${value === undefined || origin === undefined ? '' : ` (${origin})`}`);
  }
  if (issues.length > 0 || parsed.data === undefined) throw new AgentConfigError(issues);
  return parsed.data;
}

function readTree(file: string, issues: string[]): Tree {
  try {
    const tree: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (isTree(tree)) return tree;
    issues.push(`${file}: must hold a JSON object`);
  } catch (error) {
    issues.push(`${file}: ${reasonOf(error)}`);
  }
  return {};
}

/** What is not of the kind stays text, and the schema says what is wrong with it. */
function givenValue(text: string, kind: SettingKind): unknown {
  if (kind === 'number') return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
  if (kind === 'text') return text;
  if (!text.trimStart().startsWith('[')) return text.split(' ').filter((word) => word !== '');
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function put(tree: Tree, path: readonly string[], value: unknown): void {
  const [first = '', ...rest] = path;
  if (rest.length === 0) {
    tree[first] = value;
    return;
  }
  const below = tree[first];
  const branch = isTree(below) ? below : {};
  tree[first] = branch;
  put(branch, rest, value);
}

function valueAt(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => (isTree(at) || Array.isArray(at) ? (at as Tree)[key] : undefined), tree);
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
