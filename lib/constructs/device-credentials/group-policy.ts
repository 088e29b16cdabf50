import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnPolicy } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';

export interface GroupPolicyProps {
  readonly policy: CfnPolicy;
  readonly groupArns: readonly string[];
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/** Attaches a policy to groups by a function: `AWS::IoT::PolicyPrincipalAttachment` refuses the ARNs of groups. */
export class GroupPolicy extends Construct {
  constructor(scope: Construct, id: string, props: GroupPolicyProps) {
    super(scope, id);
    const maker = new BundledFunction(this, 'Maker', {
      ...props,
      name: 'quarantine-group',
      description: 'Attaches a policy to groups',
      environment: {},
      timeout: Duration.seconds(60),
      memoryMegabytes: 256,
    });
    // AttachPolicy and DetachPolicy are authorized on their target (service authorization reference, AWS IoT).
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'AttachToGroups',
        actions: ['iot:AttachPolicy', 'iot:DetachPolicy'],
        resources: [...props.groupArns],
      }),
    );
    for (const [at, GroupArn] of props.groupArns.entries()) {
      const attachment = new CustomResource(this, `Attachment${at}`, {
        resourceType: 'Custom::GroupPolicy',
        serviceToken: maker.function.functionArn,
        serviceTimeout: Duration.minutes(5),
        removalPolicy: props.removalPolicy,
        properties: { PolicyName: props.policy.ref, GroupArn },
      });
      attachment.node.addDependency(maker.role);
    }
  }
}
