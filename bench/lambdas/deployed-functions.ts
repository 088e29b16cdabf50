import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** A function of the synthesized templates. */
export interface DeployedFunction {
  /** Folder below `lambdas/`. */
  readonly name: string;
  /** Directory of its code. */
  readonly code: string;
  readonly handler: string;
  readonly runtime: string;
  /** Its environment; what only a deployment knows is filled in with text of the same kind. */
  readonly variables: Readonly<Record<string, string>>;
  /** bytes */
  readonly size: number;
  /** Its bundle holds the client of the IoT control plane. */
  readonly controlPlane: boolean;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: FunctionProperties }>>;
}

interface FunctionProperties {
  readonly Handler: string;
  readonly Runtime: string;
  readonly Code: { readonly S3Key?: unknown };
  readonly Environment?: { readonly Variables: Readonly<Record<string, unknown>> };
}

/** What the endpoint rules of the control plane's client call it, and no other client's. */
const CONTROL_PLANE = 'https://iot.{Region}';

/** Functions of a cloud assembly, each bundle once, by name. */
export function deployedFunctions(assembly: string): DeployedFunction[] {
  const found = new Map<string, DeployedFunction>();
  for (const file of readdirSync(assembly).filter((name) => name.endsWith('.template.json'))) {
    const { Resources } = JSON.parse(readFileSync(join(assembly, file), 'utf8')) as Template;
    for (const { Properties, Type } of Object.values(Resources)) {
      if (Type !== 'AWS::Lambda::Function' || typeof Properties.Code.S3Key !== 'string') continue;
      const code = join(assembly, `asset.${Properties.Code.S3Key.replace(/\.zip$/, '')}`);
      const bundle = join(code, 'index.js');
      const variables = filledIn(Properties.Environment?.Variables ?? {});
      const name = variables.POWERTOOLS_SERVICE_NAME;
      if (name === undefined || !existsSync(bundle)) continue;
      found.set(name, {
        name,
        code,
        handler: Properties.Handler,
        runtime: Properties.Runtime,
        variables,
        size: statSync(bundle).size,
        controlPlane: readFileSync(bundle, 'utf8').includes(CONTROL_PLANE),
      });
    }
  }
  return [...found.values()].sort((left, right) => left.name.localeCompare(right.name));
}

/** Only their form counts: a function reads its environment while it starts, and calls nobody. */
function filledIn(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'string' ? value : placeholder(name)]),
  );
}

function placeholder(name: string): string {
  if (/URL$|ENDPOINT$/.test(name)) return 'https://sqs.us-east-1.amazonaws.com/111122223333/placeholder';
  if (/ARN$/.test(name)) return 'arn:aws:sns:us-east-1:111122223333:placeholder';
  return 'placeholder';
}
