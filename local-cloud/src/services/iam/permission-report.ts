import { actionPattern, arnPattern } from '../../core/iam/pattern.ts';
import type { UsedPermission } from '../../core/iam/permission-use.ts';
import type { PolicyDocument, PolicyStatement } from '../../core/iam/policy-document.ts';
import { EMPTY_CONTEXT } from '../../core/iam/request-context.ts';

/** One action on one resource, as a statement of the role's policies grants it. */
export interface Grant {
  readonly action: string;
  readonly resource: string;
  readonly used: boolean;
}

/** What a role may do beside what it has done since the cloud started. */
export interface RoleReport {
  readonly roleName: string;
  readonly granted: readonly Grant[];
  /** Asked for and refused. */
  readonly denied: readonly { readonly action: string; readonly resource: string }[];
}

export function reportRole(
  roleName: string,
  documents: readonly PolicyDocument[],
  used: readonly UsedPermission[],
): RoleReport {
  const allowed = used.filter((each) => each.allowed);
  const granted = documents
    .flatMap(({ Statement }) => listed(Statement))
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => grantsOf(statement))
    .map(({ action, resource }) => ({ action, resource, used: allowed.some(isOf(action, resource)) }));
  return {
    roleName,
    granted,
    denied: used.filter((each) => !each.allowed).map(({ action, resource }) => ({ action, resource })),
  };
}

/** Statements by `NotAction` or `NotResource` grant what nobody can list, and are shown as they stand. */
function grantsOf({
  Action,
  NotAction,
  NotResource,
  Resource,
}: PolicyStatement): { action: string; resource: string }[] {
  const actions = Action === undefined ? [`not ${listed(NotAction).join(', ')}`] : listed(Action);
  const resources = Resource === undefined ? [`not ${listed(NotResource).join(', ')}`] : listed(Resource);
  return actions.flatMap((action) => resources.map((resource) => ({ action, resource })));
}

/** A policy variable stands for whatever it was at the time of the call. */
function isOf(action: string, resource: string): (permission: UsedPermission) => boolean {
  const matchesAction = actionPattern(action);
  const { matches } = arnPattern(resource.replaceAll(/\$\{[^}]*\}/g, '*'), false);
  return (used) => matchesAction(used.action.toLowerCase()) && matches(used.resource, EMPTY_CONTEXT);
}

function listed<T>(value: T | readonly T[] | undefined): readonly T[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly T[]) : [value as T];
}
