import { referencesOf } from './intrinsics.ts';
import type { Template } from './template-types.ts';

/** A reference to something that the template does not hold. */
export interface DanglingReference {
  readonly logicalId: string;
  readonly name: string;
  readonly place: string;
}

export interface DependencyOrder {
  /** Logical ids, each after everything it depends on; template order among equals. */
  readonly order: readonly string[];
  /** What each resource depends on. */
  readonly needs: ReadonlyMap<string, ReadonlySet<string>>;
  readonly dangling: readonly DanglingReference[];
  /** Logical ids of one circle, if there is one. */
  readonly circle: readonly string[] | undefined;
}

/**
 * Order of creation (CloudFormation user guide, "DependsOn attribute"; implicit through Ref, GetAtt and Sub).
 * Resources whose condition is false are left out by `present`.
 */
export function dependencyOrder(template: Template, present: (logicalId: string) => boolean): DependencyOrder {
  const resources = template.Resources;
  const dangling: DanglingReference[] = [];
  const edges = new Map<string, Set<string>>();
  for (const [logicalId, resource] of Object.entries(resources)) {
    if (!present(logicalId)) continue;
    const needs = new Set<string>();
    for (const reference of referencesOf(resource.Properties ?? {}, `Resources.${logicalId}.Properties`)) {
      if (Object.hasOwn(resources, reference.name)) {
        if (present(reference.name)) needs.add(reference.name);
      } else if (!isParameter(template, reference.name)) {
        dangling.push({ logicalId, name: reference.name, place: reference.place });
      }
    }
    for (const name of [resource.DependsOn ?? []].flat()) {
      if (Object.hasOwn(resources, name)) {
        if (present(name)) needs.add(name);
      } else dangling.push({ logicalId, name, place: `Resources.${logicalId}.DependsOn` });
    }
    needs.delete(logicalId);
    edges.set(logicalId, needs);
  }
  return { ...sort(edges), needs: edges, dangling };
}

function isParameter(template: Template, name: string): boolean {
  return name.startsWith('AWS::') || Object.hasOwn(template.Parameters ?? {}, name);
}

function sort(edges: ReadonlyMap<string, ReadonlySet<string>>): Pick<DependencyOrder, 'order' | 'circle'> {
  const order: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  let circle: string[] | undefined;
  const visit = (logicalId: string): void => {
    if (done.has(logicalId) || circle !== undefined) return;
    const at = path.indexOf(logicalId);
    if (at >= 0) {
      circle = path.slice(at);
      return;
    }
    path.push(logicalId);
    for (const need of edges.get(logicalId) ?? []) visit(need);
    path.pop();
    done.add(logicalId);
    order.push(logicalId);
  };
  for (const logicalId of edges.keys()) visit(logicalId);
  return { order, circle };
}
