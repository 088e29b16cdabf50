import * as z from 'zod';

const accessControlSchema = z.record(
  z.string(),
  z.record(z.string(), z.object({ operations: z.array(z.string()), resources: z.array(z.string()) })),
);

/** The policies that a recipe gives its component. For tests. */
export function readAccessControl(recipe: {
  readonly ComponentConfiguration: { readonly DefaultConfiguration: Readonly<Record<string, unknown>> };
}): { readonly operations: readonly string[]; readonly resources: readonly string[] }[] {
  const { accessControl = {} } = recipe.ComponentConfiguration.DefaultConfiguration;
  return Object.values(accessControlSchema.parse(accessControl)).flatMap((byId) => Object.values(byId));
}
