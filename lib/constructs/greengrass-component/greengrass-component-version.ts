import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnComponentVersion } from 'aws-cdk-lib/aws-greengrassv2';
import { Construct } from 'constructs';
import { type BuiltComponent, placedRecipe } from './built-component.ts';
import type { ComponentArtifacts } from './component-artifacts.ts';

export interface GreengrassComponentVersionProps {
  readonly component: BuiltComponent;
  /** Names of components in the account, by those in recipes. @default names stay */
  readonly names?: ReadonlyMap<string, string>;
  readonly artifacts: ComponentArtifacts;
  /** Of the version once another follows it, and with its stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** bytes; Greengrass V2 quotas, "Maximum size of a component recipe" */
const MAX_RECIPE = 16 * 1_024;
/** Longest name of a bucket (S3 user guide, "Bucket naming rules"), which is known only at deployment. */
const LONGEST_BUCKET = 'b'.repeat(63);

/**
 * A version of a component, with its artifacts.
 *
 * INVARIANT: a version is one content for ever. Its logical id holds the version, so that another version is another
 * resource; a change of the recipe under the same version would be a replacement by a resource of the same name, which
 * Greengrass refuses, and other bytes under the same version are refused before that.
 */
export class GreengrassComponentVersion extends Construct {
  readonly name: string;
  readonly version: string;
  readonly resource: CfnComponentVersion;
  /** Keys in the bucket of artifacts. */
  readonly artifactKeys: readonly string[];

  constructor(scope: Construct, id: string, props: GreengrassComponentVersionProps) {
    super(scope, id);
    const { artifacts, component, names = new Map() } = props;
    this.name = names.get(component.name) ?? component.name;
    this.version = component.version;
    const keyOf = (fileName: string) => `${this.name}/${component.version}/${fileName}`;
    const place = new Construct(this, component.version);
    const published = component.artifacts.map((artifact) =>
      artifacts.publish(place, artifact, keyOf(artifact.fileName)),
    );
    this.artifactKeys = component.artifacts.map(({ fileName }) => keyOf(fileName));
    const longest = placedRecipe(component, { names, artifactUri: (file) => `s3://${LONGEST_BUCKET}/${keyOf(file)}` });
    const bytes = Buffer.byteLength(JSON.stringify(longest));
    if (bytes > MAX_RECIPE)
      throw new Error(`the recipe of ${this.name} must have at most ${MAX_RECIPE} bytes, got ${bytes}`);
    this.resource = new CfnComponentVersion(place, 'Version', {
      inlineRecipe: Stack.of(this).toJsonString(
        placedRecipe(component, {
          names,
          artifactUri: (fileName) => artifacts.bucket.s3UrlForObject(keyOf(fileName)),
        }),
      ),
    });
    this.resource.applyRemovalPolicy(props.removalPolicy);
    // The service looks at the artifacts, and keeps their digests, when the version is made.
    this.resource.node.addDependency(...published);
  }
}
