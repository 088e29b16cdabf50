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
