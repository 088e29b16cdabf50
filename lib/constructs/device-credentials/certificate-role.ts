import { ArnFormat, Duration, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

export interface CertificateRoleProps {
  /** Name of the alias that the role is assumed through. */
  readonly aliasName: string;
  readonly description: string;
  /** Life of the credentials: 900 to 43,200 (IoT API reference, CreateRoleAlias). */
  readonly durationSeconds: number;
}

/** A role's own maximum is an hour, and may be raised to twelve (IAM API reference, CreateRole). */
const LEAST_MAXIMUM = 3_600;

/** A role that AWS IoT's credentials provider gives to holders of certificates, through one alias of this account alone. */
export class CertificateRole extends Role {
  readonly aliasArn: string;

  constructor(scope: Construct, id: string, props: CertificateRoleProps) {
    const stack = Stack.of(scope);
    const aliasArn = stack.formatArn({
      service: 'iot',
      resource: 'rolealias',
      resourceName: props.aliasName,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    super(scope, id, {
      description: props.description,
      assumedBy: new ServicePrincipal('credentials.iot.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': stack.account },
          ArnEquals: { 'aws:SourceArn': aliasArn },
        },
      }),
      maxSessionDuration: Duration.seconds(Math.max(LEAST_MAXIMUM, props.durationSeconds)),
    });
    this.aliasArn = aliasArn;
  }
}
