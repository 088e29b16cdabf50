import { ArnFormat, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/**
 * A role that AWS IoT takes on, from this account alone (IoT developer guide, "Cross-service confused deputy
 * prevention", which gives this form of the source ARN).
 */
export class IotServiceRole extends Role {
  constructor(scope: Construct, id: string, props: { readonly description: string }) {
    const stack = Stack.of(scope);
    super(scope, id, {
      description: props.description,
      assumedBy: new ServicePrincipal('iot.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({
              service: 'iot',
              resource: '*',
              arnFormat: ArnFormat.NO_RESOURCE_NAME,
            }),
          },
        },
      }),
    });
  }
}
