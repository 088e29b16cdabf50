import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';

/** A table in which a function keeps a state for each key. */
export class StateTable extends Table {
  /** @param keys names of the partition key and, if there is one, the sort key */
  constructor(scope: Construct, id: string, keys: readonly [string, string?], removalPolicy: RemovalPolicy) {
    const [partition, sort] = keys;
    super(scope, id, {
      partitionKey: { name: partition, type: AttributeType.STRING },
      ...(sort !== undefined && { sortKey: { name: sort, type: AttributeType.STRING } }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
  }

  grantTracking(role: Role, ...actions: ('dynamodb:GetItem' | 'dynamodb:PutItem')[]): void {
    role.addToPrincipalPolicy(new PolicyStatement({ sid: 'KeepState', actions, resources: [this.tableArn] }));
  }
}
