import { THING_NAME } from '../device-registry/device-policy.ts';
import type { IotPolicyDocument } from '../device-registry/policy-size.ts';

export interface CorePolicyOptions {
  /** `arn:aws:iot:<region>:<account>:` */
  readonly iotPrefix: string;
  /** `arn:aws:greengrass:<region>:` */
  readonly greengrassPrefix: string;
  /** ARN of the alias of the token exchange role. */
  readonly aliasArn: string;
  /** Names of the cores' things; `*` stands for what is known when a core registers. */
  readonly thingNames: string;
  /** Public components that cores download, by name. */
  readonly publicComponents: readonly string[];
  /** Topics that components publish besides those of every device, with policy variables; they may hear them anyway. */
  readonly topics: readonly string[];
}

/**
 * What a Greengrass core may do besides what every device may (Greengrass developer guide, `device-auth`, "Minimal AWS IoT
 * policy for AWS IoT Greengrass V2 core devices"): connecting, its shadows and its jobs are in the policies that a device
 * has anyway. Greengrass' own operations know no thing policy variables (the same page), so the one that names a thing
 * names them by the beginning that cores share; two name nothing, because they have no resource type.
 * Artifacts of own components come from S3, with the credentials of the alias; only public ones are asked for here.
 */
export function corePolicyDocument(options: CorePolicyOptions): IotPolicyDocument {
  const { greengrassPrefix, iotPrefix, publicComponents } = options;
  const health = ['greengrass', 'greengrassv2'].map((level) => `$aws/things/${THING_NAME}/${level}/health/json`);
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: options.aliasArn },
      {
        Effect: 'Allow',
        Action: ['greengrass:GetDeploymentConfiguration', 'greengrass:ResolveComponentCandidates'],
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: 'greengrass:ListThingGroupsForCoreDevice',
        Resource: `${iotPrefix}thing/${options.thingNames}`,
      },
      ...(publicComponents.length === 0
        ? []
        : [
            {
              Effect: 'Allow' as const,
              Action: 'greengrass:GetComponentVersionArtifact',
              Resource: publicComponents.map((name) => `${greengrassPrefix}aws:components:${name}:versions:*`),
            },
          ]),
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [...health, ...options.topics].map((topic) => `${iotPrefix}topic/${topic}`),
      },
    ],
  };
}
