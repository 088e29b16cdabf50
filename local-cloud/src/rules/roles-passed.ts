import type { TopicRulePayload } from '@aws-sdk/client-iot';
import { compileStatement } from './sql/compile-statement.ts';
import { compileTemplate } from './sql/template.ts';
import { DEFAULT_SQL_VERSION, isSqlVersion, type SqlVersion } from './values/value.ts';

/**
 * Roles that whoever makes a rule hands to AWS IoT, for iam:PassRole ("Pass role permissions"): those of its actions and
 * those that its expressions name. Read before anything is checked, so what cannot be read names none: it is refused
 * later.
 */
export function passedRoles(payload: TopicRulePayload | undefined): string[] {
  const roles = new Set<string>();
  const version = payload?.awsIotSqlVersion ?? DEFAULT_SQL_VERSION;
  if (payload === undefined || !isSqlVersion(version)) return [];
  const variables = addStatementRoles(payload.sql, version, roles);
  addActionRoles([payload.actions, payload.errorAction], { version, variables }, roles);
  return [...roles];
}

interface Scope {
  readonly version: SqlVersion;
  readonly variables: readonly string[];
}

function addStatementRoles(sql: unknown, version: SqlVersion, roles: Set<string>): readonly string[] {
  if (typeof sql !== 'string') return [];
  try {
    const statement = compileStatement(sql, version);
    for (const role of statement.roles) roles.add(role);
    return statement.variables;
  } catch {
    return [];
  }
}

/** `roleArn` at any depth (the HTTP action's is inside `auth`), and roles in templates of any field. */
function addActionRoles(value: unknown, scope: Scope, roles: Set<string>, name?: string): void {
  if (typeof value === 'string') {
    if (name === 'roleArn') roles.add(value);
    else if (value.includes('${')) addTemplateRoles(value, scope, roles);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, member] of Object.entries(value)) addActionRoles(member, scope, roles, key);
}

function addTemplateRoles(text: string, { version, variables }: Scope, roles: Set<string>): void {
  try {
    for (const role of compileTemplate(text, version, variables).roles) roles.add(role);
  } catch {
    // refused when the rule is compiled
  }
}
