import { ArnFormat, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnRoleAlias, CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { CertificateRole } from '../device-credentials/certificate-role.ts';
import { GroupPolicy } from '../device-credentials/group-policy.ts';
import { checkPolicySize } from '../device-registry/policy-size.ts';
import { corePolicyDocument } from './core-policy.ts';

export interface CoreGroupProps {
  /** Of the construct: it does not change with the name. */
  readonly id: string;
  /** Name of the thing group, and of the deployment to it. */
  readonly name: string;
  readonly description: string;
}

export interface GreengrassCoreFleetProps {
  /** Name of the role alias, and of the policy that cores have besides that of devices. */
  readonly name: string;
  /** Names of the cores' things: `my-fleet-core-*`. */
  readonly thingNames: string;
  /** Thing groups that all cores are in; they exist before this is made. */
  readonly memberGroupNames: readonly string[];
  /** Thing groups of cores that run the same; made here. */
  readonly groups: readonly CoreGroupProps[];
  readonly artifacts: IBucket;
  /** Keys of the artifacts that cores download. A `*` stands for what only an earlier deployment knows. */
  readonly artifactKeys: readonly string[];
  /** Public components that cores download. */
  readonly publicComponents: readonly string[];
  /** Topics that components publish besides those of every device, with policy variables. */
  readonly topics: readonly string[];
  /** Life of the credentials: 900 to 43,200 (IoT API reference, CreateRoleAlias). */
  readonly credentialSeconds: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/**
 * Greengrass cores: their groups, what they may do on AWS IoT and Greengrass, and the role whose credentials they
 * exchange their certificate for. The role reads the artifacts and nothing else: cores keep their logs, and reach
 * everything else over MQTT.
 */
export class GreengrassCoreFleet extends Construct {
  readonly groups: ReadonlyMap<string, CfnThingGroup>;
  readonly policy: CfnPolicy;
  readonly tokenExchangeRole: CertificateRole;
  readonly alias: CfnRoleAlias;

  constructor(scope: Construct, id: string, props: GreengrassCoreFleetProps) {
    super(scope, id);
    const stack = Stack.of(this);
    this.groups = new Map(
      props.groups.map(({ description, id: group, name }) => [
        name,
        new CfnThingGroup(this, `Group-${group}`, {
          thingGroupName: name,
          thingGroupProperties: { thingGroupDescription: description },
        }),
      ]),
    );
    this.tokenExchangeRole = new CertificateRole(this, 'TokenExchange', {
      aliasName: props.name,
      description: `Cores of ${props.name}: read the artifacts of their components`,
      durationSeconds: props.credentialSeconds,
    });
    this.grantArtifacts(props);
    this.alias = new CfnRoleAlias(this, 'Alias', {
      roleAlias: props.name,
      roleArn: this.tokenExchangeRole.roleArn,
      credentialDurationSeconds: props.credentialSeconds,
    });
    const policyDocument = corePolicyDocument({
      ...props,
      iotPrefix: stack.formatArn({ service: 'iot', resource: '', arnFormat: ArnFormat.NO_RESOURCE_NAME }),
      greengrassPrefix: `arn:${stack.partition}:greengrass:${stack.region}:`,
      aliasArn: this.tokenExchangeRole.aliasArn,
    });
    checkPolicySize(this, 'policy of cores', policyDocument);
    this.policy = new CfnPolicy(this, 'Policy', { policyName: props.name, policyDocument });
    for (const resource of [...this.groups.values(), this.alias, this.policy]) {
      resource.applyRemovalPolicy(props.removalPolicy);
    }
    new GroupPolicy(this, 'Members', {
      ...props,
      policy: this.policy,
      groupArns: props.memberGroupNames.map((resourceName) =>
        stack.formatArn({ service: 'iot', resource: 'thinggroup', resourceName }),
      ),
    });
  }

  private grantArtifacts({ artifactKeys, artifacts }: GreengrassCoreFleetProps): void {
    const role = this.tokenExchangeRole;
    const objects = [...new Set(artifactKeys)].map((key) => artifacts.arnForObjects(key));
    for (const object of objects.filter((arn) => arn.endsWith('*'))) {
      acknowledgeWildcard(role, object, 'The files of an earlier version are known to its own deployment alone.');
    }
    // Greengrass developer guide, `device-service-role`: the location of the bucket from nucleus 2.5 on, and the objects.
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'FindArtifacts',
        actions: ['s3:GetBucketLocation'],
        resources: [artifacts.bucketArn],
      }),
    );
    if (objects.length > 0) {
      role.addToPrincipalPolicy(
        new PolicyStatement({ sid: 'ReadArtifacts', actions: ['s3:GetObject'], resources: objects }),
      );
    }
  }
}
