import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, type Role } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-timestream';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import type { BundledFunction } from '../bundled-function/bundled-function.ts';
import type { IotServiceRole } from '../service-role/iot-service-role.ts';
import type { HealthDelivery, HotStore } from './hot-store.ts';

export interface TimestreamStoreProps {
  readonly databaseName: string;
  readonly telemetryTableName: string;
  readonly healthTableName: string;
  readonly twinTableName: string;
  readonly memoryHours: number;
  readonly magneticDays: number;
  /** Takes the error reports of late writes that Timestream refuses after having accepted them. */
  readonly rejectsBucket: IBucket;
  readonly rejectsPrefix: string;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * Timestream for LiveAnalytics: one table for what the ingest function writes, one for the health rule, one for twins.
 * The rule writes single-measure records, the function multi-measure ones; they must not share a table.
 */
export class TimestreamStore extends Construct implements HotStore {
  readonly kind = 'timestream';
  readonly database: CfnDatabase;
  readonly telemetryTable: CfnTable;
  readonly healthTable: CfnTable;
  readonly twinTable: CfnTable;
  readonly twinWriterEnvironment: Readonly<Record<string, string>>;
  readonly writerEnvironment: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: TimestreamStoreProps) {
    super(scope, id);
    this.database = new CfnDatabase(this, 'Database', { databaseName: props.databaseName });
    this.telemetryTable = this.table('TelemetryTable', props.telemetryTableName, props);
    this.healthTable = this.table('HealthTable', props.healthTableName, props);
    // Timestream takes one create or delete a second in an account (quotas, "Request rate for CRUD APIs").
    this.healthTable.node.addDependency(this.telemetryTable);
    this.twinTable = this.table('TwinTable', props.twinTableName, props);
    this.twinTable.node.addDependency(this.healthTable);
    for (const resource of [this.database, this.telemetryTable, this.healthTable, this.twinTable]) {
      resource.applyRemovalPolicy(props.removalPolicy);
      acknowledge(
        resource,
        'CloudFormation-Validate::W3697',
        'Timestream for LiveAnalytics is the hot store that this platform is asked for; the notice that it takes no ' +
          'new customers is answered by docs/deploying.md and by the store being one construct behind one interface.',
      );
    }
    acknowledge(
      this.database,
      'AwsSolutions-TS3',
      'Encrypted with the key that Timestream keeps in the account; a key of our own costs a request for each use and ' +
        'protects against nobody who is not already kept out by IAM.',
    );
    this.writerEnvironment = {
      HOT_STORE: this.kind,
      DATABASE_NAME: props.databaseName,
      TABLE_NAME: props.telemetryTableName,
      MEMORY_HOURS: String(props.memoryHours),
      MAGNETIC_DAYS: String(props.magneticDays),
    };
    this.twinWriterEnvironment = {
      HOT_STORE: this.kind,
      DATABASE_NAME: props.databaseName,
      TABLE_NAME: props.twinTableName,
    };
    this.outputs = {
      HotStoreKind: this.kind,
      DatabaseName: this.database.ref,
      TelemetryTableName: this.telemetryTable.attrName,
      HealthTableName: this.healthTable.attrName,
      TwinTableName: this.twinTable.attrName,
    };
  }

  grantWrite({ role }: BundledFunction): void {
    grantTableWrite(role, this.telemetryTable);
  }

  /** By name, so that the stack of the writer does not hold on to an export of this one. */
  grantTwinWrite({ role }: BundledFunction): void {
    const { DATABASE_NAME: database, TABLE_NAME: table } = this.twinWriterEnvironment;
    grantWriteTo(
      role,
      Stack.of(role).formatArn({
        service: 'timestream',
        resource: 'database',
        resourceName: `${database}/table/${table}`,
      }),
    );
  }

  /** One record for each measure (IoT developer guide, "Timestream" rule action). */
  deliverHealth(role: IotServiceRole): HealthDelivery {
    grantTableWrite(role, this.healthTable);
    return {
      selection: [],
      action: {
        timestream: {
          databaseName: this.twinWriterEnvironment.DATABASE_NAME as string,
          tableName: this.healthTable.attrName,
          roleArn: role.roleArn,
          dimensions: [
            { name: 'thing_name', value: '${topic(4)}' },
            { name: 'site', value: '${topic(2)}' },
            { name: 'device_type', value: '${topic(3)}' },
          ],
          timestamp: { value: '${time}', unit: 'MILLISECONDS' },
        },
      },
    };
  }

  private table(id: string, tableName: string, props: TimestreamStoreProps): CfnTable {
    return new CfnTable(this, id, {
      databaseName: this.database.ref,
      tableName,
      retentionProperties: {
        MemoryStoreRetentionPeriodInHours: String(props.memoryHours),
        MagneticStoreRetentionPeriodInDays: String(props.magneticDays),
      },
      magneticStoreWriteProperties: {
        EnableMagneticStoreWrites: true,
        MagneticStoreRejectedDataLocation: {
          S3Configuration: {
            BucketName: props.rejectsBucket.bucketName,
            ObjectKeyPrefix: `${props.rejectsPrefix}/${tableName}`,
            EncryptionOption: 'SSE_S3',
          },
        },
      },
      // Queries name a device far more often than a measure, and every telemetry record has the same measure name,
      // which is what a table without this would be partitioned by. It cannot be changed later.
      schema: {
        compositePartitionKey: [{ type: 'DIMENSION', name: 'thing_name', enforcementInRecord: 'REQUIRED' }],
      },
    });
  }
}

/** Permission of the Timestream action and of the SDK: write to one table, and find the cell that serves it. */
export function grantTableWrite(role: Role, table: CfnTable): void {
  grantWriteTo(role, table.attrArn);
}

function grantWriteTo(role: Role, tableArn: string): void {
  role.addToPrincipalPolicy(
    new PolicyStatement({ sid: 'WriteRecords', actions: ['timestream:WriteRecords'], resources: [tableArn] }),
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ sid: 'FindEndpoint', actions: ['timestream:DescribeEndpoints'], resources: ['*'] }),
  );
  acknowledgeWildcard(
    role,
    '*',
    'DescribeEndpoints has no resource types (service authorization reference, Timestream).',
  );
}
