import { AwsError, NotImplementedError } from '../../core/errors.ts';

/** What a target is given of an event; at most one of the members. */
export interface TargetInput {
  readonly input?: string | undefined;
  readonly inputPath?: string | undefined;
  readonly transformer?: { readonly paths: Readonly<Record<string, string>>; readonly template: string } | undefined;
}

export interface InputContext {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ms since the epoch */
  readonly ingestedAt: number;
}

/** @throws AwsError `ValidationException`, `NotImplemented` */
export function checkInput({ input, inputPath, transformer }: TargetInput): void {
  if ([input, inputPath, transformer].filter((given) => given !== undefined).length > 1) {
    throw new AwsError('ValidationException', 'Only one of Input, InputPath, or InputTransformer must be provided.');
  }
  if (input !== undefined) {
    try {
      JSON.parse(input);
    } catch {
      throw new AwsError('ValidationException', 'JSON syntax error in input.');
    }
  }
  for (const path of [inputPath, ...Object.values(transformer?.paths ?? {})]) {
    if (path !== undefined && stepsOf(path) === undefined)
      throw new NotImplementedError(`EventBridge: the path '${path}'`);
  }
}

/** The text that a target gets (EventBridge user guide, "Amazon EventBridge input transformation"). */
export function inputOf(event: object, { input, inputPath, transformer }: TargetInput, context: InputContext): string {
  if (input !== undefined) return input;
  if (inputPath !== undefined) return JSON.stringify(valueAt(event, inputPath) ?? {});
  if (transformer === undefined) return JSON.stringify(event);
  return transformed(event, transformer, context);
}

/** Inside quotes a placeholder becomes text, elsewhere JSON. What is not there becomes empty text or null. */
function transformed(
  event: object,
  transformer: NonNullable<TargetInput['transformer']>,
  context: InputContext,
): string {
  const variables: Record<string, () => unknown> = {
    'aws.events.rule-arn': () => context.ruleArn,
    'aws.events.rule-name': () => context.ruleName,
    'aws.events.event.ingestion-time': () => new Date(context.ingestedAt).toISOString(),
    // "The original event payload … without the detail field".
    'aws.events.event': () => ({ ...event, detail: undefined }),
    'aws.events.event.json': () => event,
  };
  let quoted = false;
  return transformer.template.replace(/\\.|"|<([A-Za-z0-9_.-]+)>/g, (part, name?: string) => {
    if (part === '"') quoted = !quoted;
    if (name === undefined) return part;
    const path = transformer.paths[name];
    const known = path === undefined ? variables[name] : () => valueAt(event, path);
    if (known === undefined) return part;
    const value = known();
    if (!quoted) return JSON.stringify(value ?? null);
    if (value === undefined || value === null) return '';
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return JSON.stringify(text).slice(1, -1);
  });
}

function valueAt(event: object, path: string): unknown {
  return (stepsOf(path) ?? []).reduce<unknown>(
    (value, step) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? (value as Record<string, unknown>)[step]
        : undefined,
    event,
  );
}

/** `$.detail.items[0]['a b']`; undefined for other JSON paths. */
function stepsOf(path: string): string[] | undefined {
  if (!path.startsWith('$')) return undefined;
  const steps: string[] = [];
  const step = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\['([^']+)'\]/gy;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const match = step.exec(path);
    if (match === null) return undefined;
    steps.push((match[1] ?? match[2] ?? match[3]) as string);
  }
  return steps;
}
