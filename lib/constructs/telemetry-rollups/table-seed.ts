import { CustomResource, Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { CfnTable } from 'aws-cdk-lib/aws-timestream';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';

export interface TableSeedProps {
  readonly databaseName: string;
  readonly tableName: string;
  readonly table: CfnTable;
  /** Columns that the table must have, each of numbers. */
  readonly measures: readonly string[];
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
}

/**
 * Writes one row, with the measure name `seed`, to a table: a query that names a column which no row has brought yet
 * fails, and CloudFormation cannot make a scheduled query that fails. It stays until the table forgets it.
 */
export class TableSeed extends Construct {
  constructor(scope: Construct, id: string, props: TableSeedProps) {
    super(scope, id);
    const maker = new BundledFunction(this, 'Maker', {
      name: 'seed-table',
      description: 'Writes a first row to a table, so that queries can be planned',
      environment: {},
      timeout: Duration.seconds(90),
      memoryMegabytes: 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'WriteAndFindRow',
        actions: ['timestream:WriteRecords', 'timestream:Select'],
        resources: [props.table.attrArn],
      }),
    );
    maker.role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'FindEndpoint', actions: ['timestream:DescribeEndpoints'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      maker.role,
      '*',
      'DescribeEndpoints has no resource types (service authorization reference, Timestream).',
    );
    const row = new CustomResource(this, 'Row', {
      resourceType: 'Custom::TableSeed',
      serviceToken: maker.function.functionArn,
      serviceTimeout: Duration.minutes(5),
      properties: {
        DatabaseName: props.databaseName,
        TableName: props.tableName,
        Measures: [...props.measures],
      },
    });
    row.node.addDependency(maker.role, props.table);
  }
}
