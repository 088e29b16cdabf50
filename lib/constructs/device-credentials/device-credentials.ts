import { ArnFormat, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy, CfnRoleAlias } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { checkPolicySize, type IotPolicyDocument } from '../device-registry/policy-size.ts';
import { CertificateRole } from './certificate-role.ts';
import { GroupPolicy } from './group-policy.ts';

/** What a device may do with its credentials. */
export interface DeviceGrant {
  /** Whole names of actions. */
  readonly actions: readonly string[];
  /** ARNs that hold {@link THING_NAME_VARIABLE}, so that a device reaches its own alone. */
  readonly resources: readonly string[];
}

export interface DeviceCredentialsProps {
  /** Name of the role alias, and of the IoT policy that lets devices use it. */
  readonly name: string;
  /** Thing groups whose devices get credentials; they exist before this is made. */
  readonly groupNames: readonly string[];
  readonly grants: readonly DeviceGrant[];
  /** Life of the credentials: 900 to 43,200 (IoT API reference, CreateRoleAlias). */
  readonly durationSeconds: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/** Name of the device's thing in policies of the role (IoT developer guide, "Authorizing direct calls to AWS services"). */
export const THING_NAME_VARIABLE = '${credentials-iot:ThingName}';

/**
 * AWS credentials for devices: the credentials provider of AWS IoT gives those of a role to whoever connects with a
 * certificate of a thing in one of the groups. The role is no more than its grants, and each is bound to the thing's name.
 */
export class DeviceCredentials extends Construct {
  readonly role: Role;
  readonly alias: CfnRoleAlias;

  constructor(scope: Construct, id: string, props: DeviceCredentialsProps) {
    super(scope, id);
    for (const resource of props.grants.flatMap(({ resources }) => resources)) {
      if (!resource.includes(THING_NAME_VARIABLE)) {
        throw new Error(`a resource of device credentials must hold ${THING_NAME_VARIABLE}, got '${resource}'`);
      }
    }
    const stack = Stack.of(this);
    const iot = (resource: string, resourceName: string) =>
      stack.formatArn({ service: 'iot', resource, resourceName, arnFormat: ArnFormat.SLASH_RESOURCE_NAME });
    const role = new CertificateRole(this, 'Role', {
      aliasName: props.name,
      description: `What devices may do with credentials of ${props.name}`,
      durationSeconds: props.durationSeconds,
    });
    this.role = role;
    for (const { actions, resources } of props.grants) {
      this.role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [...resources] }));
      for (const resource of resources.filter((arn) => arn.includes('*'))) {
        // cdk-nag writes policy variables as it writes references.
        const written = resource.replaceAll(/\$\{([^}]*)\}/g, '<$1>');
        acknowledgeWildcard(this.role, written, 'It is below what carries the name of the device itself.');
      }
    }
    this.alias = new CfnRoleAlias(this, 'Alias', {
      roleAlias: props.name,
      roleArn: this.role.roleArn,
      credentialDurationSeconds: props.durationSeconds,
    });
    const policyDocument: IotPolicyDocument = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'iot:AssumeRoleWithCertificate', Resource: role.aliasArn }],
    };
    checkPolicySize(this, 'policy of device credentials', policyDocument);
    const policy = new CfnPolicy(this, 'Policy', { policyName: props.name, policyDocument });
    for (const resource of [this.alias, policy]) resource.applyRemovalPolicy(props.removalPolicy);
    new GroupPolicy(this, 'Groups', {
      ...props,
      policy,
      groupArns: props.groupNames.map((name) => iot('thinggroup', name)),
    });
  }
}
