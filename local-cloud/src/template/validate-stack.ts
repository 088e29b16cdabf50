import type { ResourceProvider } from '../core/resources.ts';
import { dependencyOrder } from './dependency-order.ts';
import { RECORDED_TYPES } from './recorded-types.ts';
import type { StackArtifact } from './template-types.ts';

export interface StackProblem {
  readonly code: 'RESOURCE_TYPE_UNKNOWN' | 'REFERENCE_DANGLING' | 'ASSEMBLY_INVALID';
  readonly message: string;
}

export type ProviderLookup = (type: string) => ResourceProvider | undefined;

/** Everything about a template that can be refused before anything is created, all problems at once. */
export function validateStack(
  artifact: StackArtifact,
  provider: ProviderLookup,
  present: (logicalId: string) => boolean,
): StackProblem[] {
  const problems: StackProblem[] = [];
  for (const [logicalId, resource] of Object.entries(artifact.template.Resources)) {
    if (!present(logicalId)) continue;
    const found = provider(resource.Type);
    if (found === undefined) {
      if (Object.hasOwn(RECORDED_TYPES, resource.Type)) continue;
      problems.push({
        code: 'RESOURCE_TYPE_UNKNOWN',
        message: `resource type ${resource.Type} is not known to the local cloud (${logicalId} in ${artifact.templateFile})`,
      });
      continue;
    }
    const unsupported = Object.keys(resource.Properties ?? {}).filter((name) => !honours(found, name));
    for (const name of unsupported) {
      problems.push({
        code: 'RESOURCE_TYPE_UNKNOWN',
        message: `property ${name} of ${resource.Type} is not supported by the local cloud (${logicalId} in ${artifact.templateFile})`,
      });
    }
    for (const policy of [resource.DeletionPolicy, resource.UpdateReplacePolicy]) {
      if (policy !== 'Snapshot') continue;
      problems.push({ code: 'ASSEMBLY_INVALID', message: `policy Snapshot is not supported (${logicalId})` });
    }
  }
  const { dangling, circle } = dependencyOrder(artifact.template, present);
  for (const reference of dangling) {
    problems.push({
      code: 'REFERENCE_DANGLING',
      message: `'${reference.name}' is referred to but not in the template (${reference.place} in ${artifact.templateFile})`,
    });
  }
  if (circle !== undefined) {
    problems.push({
      code: 'ASSEMBLY_INVALID',
      message: `resources depend on each other in a circle: ${circle.join(' → ')} (${artifact.templateFile})`,
    });
  }
  return problems;
}

/** A provider that lists `*` takes any property: custom resources. */
function honours(provider: ResourceProvider, property: string): boolean {
  return provider.properties.includes(property) || provider.properties.includes('*');
}
