import { readPath } from './json-path.ts';

/** Fills in a template: members whose name ends in `.$` are paths. Templates were checked when the machine was created. */
export function fillTemplate(template: unknown, input: unknown, context: unknown): unknown {
  if (Array.isArray(template)) return template.map((one) => fillTemplate(one, input, context));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) =>
      name.endsWith('.$')
        ? [name.slice(0, -2), readPath(value as string, input, context)]
        : [name, fillTemplate(value, input, context)],
    ),
  );
}
