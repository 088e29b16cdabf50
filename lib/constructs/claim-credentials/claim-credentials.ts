import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, CustomResource, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import { CfnSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { checkPolicySize } from '../device-registry/policy-size.ts';
import { claimPolicyDocument } from '../fleet-provisioning/claim-policy.ts';

export interface ClaimCredentialsProps {
  readonly names: PlatformNames;
  /** Another generation means another certificate; the one before is withdrawn when the deployment succeeds. */
  readonly generation: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/** The claim certificate: made by AWS IoT during the deployment, its key in Secrets Manager and nowhere else. */
export class ClaimCredentials extends Construct {
  readonly secret: CfnSecret;

  constructor(scope: Construct, id: string, props: ClaimCredentialsProps) {
    super(scope, id);
    const { names } = props;
    const stack = Stack.of(this);
    const arnPrefix = stack.formatArn({ service: 'iot', resource: '', arnFormat: ArnFormat.NO_RESOURCE_NAME });
    const policyDocument = claimPolicyDocument(arnPrefix, names);
    checkPolicySize(this, 'claim policy', policyDocument);
    const policy = new CfnPolicy(this, 'ClaimPolicy', { policyName: names.claimPolicy, policyDocument });

    // Made empty: a generated value would be no claim, and the template must not hold the real one.
    this.secret = new CfnSecret(this, 'Secret', {
      name: names.claimSecret,
      description: `claim certificate and key of ${names.topicRoot}`,
    });
    this.secret.applyRemovalPolicy(props.removalPolicy);
    acknowledge(
      this.secret,
      'AwsSolutions-SMG4',
      'The claim certificate is rotated by raising provisioning.claimGeneration, together with what the factory ' +
        'installs; rotating it on a timer would lock out devices that were built but never switched on.',
    );

    const maker = new BundledFunction(this, 'Maker', {
      name: 'claim-credentials',
      description: 'Makes and withdraws the claim certificate',
      environment: {},
      timeout: Duration.seconds(60),
      memoryMegabytes: 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'MakeCertificate', actions: ['iot:CreateKeysAndCertificate'], resources: ['*'] }),
    );
    const certificates = stack.formatArn({ service: 'iot', resource: 'cert', resourceName: '*' });
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ManageCertificate',
        actions: [
          'iot:AttachPolicy',
          'iot:DeleteCertificate',
          'iot:DetachPolicy',
          'iot:ListAttachedPolicies',
          'iot:UpdateCertificate',
        ],
        resources: [certificates],
      }),
    );
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'KeepKey',
        actions: ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
        resources: [this.secret.ref],
      }),
    );
    acknowledgeWildcard(maker.role, certificates, 'AWS IoT draws the id of a certificate when it signs it.');
    acknowledgeWildcard(
      maker.role,
      '*',
      'CreateKeysAndCertificate has no resource types (service authorization reference, AWS IoT).',
    );

    const certificate = new CustomResource(this, 'Certificate', {
      resourceType: 'Custom::ClaimCredentials',
      serviceToken: maker.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        PolicyName: policy.ref,
        SecretId: this.secret.ref,
        ProvisioningTemplate: names.provisioningTemplate,
        Generation: String(props.generation),
      },
    });
    certificate.node.addDependency(maker.role);
  }
}
