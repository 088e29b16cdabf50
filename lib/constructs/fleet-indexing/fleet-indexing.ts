import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';

export interface FleetIndexingProps {
  readonly namedShadows: readonly string[];
  /** Fields for aggregations; an account has five in all (IoT quotas, "Fleet indexing"). */
  readonly customFields: readonly { readonly name: string; readonly type: 'Boolean' | 'Number' | 'String' }[];
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/**
 * Adds what a stage needs to the account's fleet indexing settings, for which CloudFormation has no type. The settings
 * belong to the account: nothing is ever removed from them, and they stay when this is deleted.
 */
export class FleetIndexing extends Construct {
  readonly resource: CustomResource;

  constructor(scope: Construct, id: string, props: FleetIndexingProps) {
    super(scope, id);
    const maker = new BundledFunction(this, 'Maker', {
      name: 'fleet-indexing',
      description: 'Adds to the fleet indexing settings of the account',
      environment: {},
      timeout: Duration.seconds(60),
      memoryMegabytes: 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'AddToIndexing',
        actions: ['iot:GetIndexingConfiguration', 'iot:UpdateIndexingConfiguration'],
        resources: ['*'],
      }),
    );
    acknowledgeWildcard(
      maker.role,
      '*',
      'The indexing configuration has no resource type (service authorization reference, AWS IoT).',
    );
    this.resource = new CustomResource(this, 'Settings', {
      resourceType: 'Custom::FleetIndexing',
      serviceToken: maker.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        NamedShadows: [...props.namedShadows],
        CustomFields: props.customFields.map(({ name, type }) => ({ Name: name, Type: type })),
      },
    });
    this.resource.node.addDependency(maker.role);
  }
}
