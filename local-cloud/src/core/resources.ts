import { type Entropy, randomText } from './entropy.ts';

/** What CloudFormation keeps of a created resource. */
export interface ResourceState {
  /** Answer of `Ref`. */
  readonly physicalId: string;
  /** Answers of `Fn::GetAtt`, by attribute name. Must survive JSON. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface ResourceScope {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  /** A name as CloudFormation makes it: `<stack>-<logical id>-<12 random characters>`, cut to `maxLength`. */
  generateName(maxLength: number, options?: { lowercase?: boolean }): string;
  /** Local path (file or directory) of an asset that the template names by bucket and key. Throws for an unknown one. */
  assetPath(bucket: string, key: string): string;
}

/**
 * One CloudFormation resource type. Properties come with all intrinsics resolved.
 * The service behind it does the work through the same code as its API.
 */
// biome-ignore lint/suspicious/noExplicitAny: a table of providers holds many property types; each states its own
export interface ResourceProvider<P = any> {
  /** `AWS::SQS::Queue` */
  readonly type: string;
  /** Properties whose change means replacement (CloudFormation template reference, "Update requires"). */
  readonly replaceOn: readonly string[];
  /** Every property the provider honours. A property outside this list refuses to start, by name. */
  readonly properties: readonly string[];
  create(properties: P, scope: ResourceScope): Promise<ResourceState>;
  update(properties: P, previous: P, state: ResourceState, scope: ResourceScope): Promise<ResourceState>;
  delete(state: ResourceState, properties: P, scope: ResourceScope): Promise<void>;
}

const SUFFIX_LENGTH = 12;

/** {@link ResourceScope.generateName} */
export function generatedName(
  entropy: Entropy,
  stackName: string,
  logicalId: string,
  maxLength: number,
  lowercase: boolean,
): string {
  const suffix = randomText(entropy, SUFFIX_LENGTH, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789');
  const head = `${stackName}-${logicalId}`.slice(0, Math.max(0, maxLength - SUFFIX_LENGTH - 1));
  const name = `${head}-${suffix}`;
  return lowercase ? name.toLowerCase() : name;
}
