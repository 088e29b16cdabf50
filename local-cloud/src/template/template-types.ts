/** CloudFormation template anatomy, as far as a synthesized CDK template uses it. */
export interface Template {
  readonly Description?: string;
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Rules?: Readonly<Record<string, TemplateRule>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
  readonly NoEcho?: boolean;
}

export interface TemplateRule {
  readonly RuleCondition?: unknown;
  readonly Assertions: readonly { readonly Assert: unknown; readonly AssertDescription?: string }[];
}

export type DeletionPolicy = 'Delete' | 'Retain' | 'RetainExceptOnCreate' | 'Snapshot';

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: DeletionPolicy;
  readonly UpdateReplacePolicy?: DeletionPolicy;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

export interface TemplateOutput {
  readonly Value: unknown;
  readonly Description?: string;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

/** One stack of an assembly with everything needed to deploy it. */
export interface StackArtifact {
  readonly id: string;
  readonly stackName: string;
  /** Absolute path, for messages. */
  readonly templateFile: string;
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
  /** Artifact ids of the stacks that go first. */
  readonly dependencies: readonly string[];
  readonly account: string | undefined;
  readonly region: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly terminationProtection?: boolean;
  readonly assets: readonly FileAsset[];
}

export interface FileAsset {
  /** Absolute path of a file or directory. */
  readonly path: string;
  /** `file`: as it is; `zip`: a directory that is packed on its way. */
  readonly packaging: string;
  readonly destinations: readonly { readonly bucketName: string; readonly objectKey: string }[];
}
