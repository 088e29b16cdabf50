import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnPolicy, CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import type { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';

export interface GroupPolicyProps {
  readonly group: CfnThingGroup;
  readonly groupArn: string;
  readonly policy: CfnPolicy;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/** Attaches a policy to a group by a function: `AWS::IoT::PolicyPrincipalAttachment` refuses the ARNs of groups. */
export function attachToGroup(scope: Construct, props: GroupPolicyProps): void {
  const maker = new BundledFunction(scope, 'GroupPolicy', {
    name: 'quarantine-group',
    description: 'Attaches the quarantine policy to its group',
    environment: {},
    timeout: Duration.seconds(60),
    memoryMegabytes: 256,
    logRetentionDays: props.logRetentionDays,
    removalPolicy: props.removalPolicy,
    metricsNamespace: props.metricsNamespace,
  });
  // AttachPolicy and DetachPolicy are authorized on their target (service authorization reference, AWS IoT).
  maker.role.addToPrincipalPolicy(
    new PolicyStatement({
      sid: 'AttachToGroup',
      actions: ['iot:AttachPolicy', 'iot:DetachPolicy'],
      resources: [props.groupArn],
    }),
  );
  const attachment = new CustomResource(scope, 'Attachment', {
    resourceType: 'Custom::GroupPolicy',
    serviceToken: maker.function.functionArn,
    serviceTimeout: Duration.minutes(5),
    removalPolicy: props.removalPolicy,
    properties: { PolicyName: props.policy.ref, GroupArn: props.groupArn },
  });
  attachment.node.addDependency(maker.role, props.group);
}
