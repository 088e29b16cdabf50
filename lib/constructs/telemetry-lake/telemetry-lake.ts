import { LAKE_COLUMNS, type LakeColumn, type LakeTable as LakeTableName } from '@fleetwright/contracts';
import { Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { LogGroup, type RetentionDays } from 'aws-cdk-lib/aws-logs';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledgement/acknowledge.ts';
import type { BundledFunction } from '../bundled-function/bundled-function.ts';
import { LakeTable } from './lake-table.ts';

export interface TelemetryLakeProps {
  readonly databaseName: string;
  readonly workGroupName: string;
  /** Name of the delivery stream of a table. */
  readonly streamName: (table: LakeTableName) => string;
  /** Which tables it has. */
  readonly tables: readonly LakeTableName[];
  /** Measures that have a column of their own. */
  readonly measures: readonly { readonly name: string; readonly type: 'double' | 'boolean' | 'string' }[];
  readonly bufferSeconds: number;
  readonly bufferMegabytes: number;
  readonly keepDays: number;
  /** A query that reads more is ended, in MB (at least 10). */
  readonly queryLimitMegabytes: number;
  readonly resultDays: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly alarmActionArns: readonly string[];
}

/** Keys under which the bucket is divided. */
export const LAKE_PREFIXES = { tables: 'tables', errors: 'errors', results: 'results' } as const;

const DESCRIPTIONS: Readonly<Record<LakeTableName, string>> = {
  telemetry: 'Samples of telemetry and events that were found valid',
  health: 'Health of devices',
  twin: 'Every version of every shadow',
};

/** Samples for years, as Parquet on S3, and Athena to ask: nothing runs, and nothing is paid, while nobody asks. */
export class TelemetryLake extends Construct {
  readonly bucket: Bucket;
  readonly database: CfnDatabase;
  readonly workGroup: CfnWorkGroup;
  readonly tables: Readonly<Partial<Record<LakeTableName, LakeTable>>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly #streamName: TelemetryLakeProps['streamName'];

  constructor(scope: Construct, id: string, props: TelemetryLakeProps) {
    super(scope, id);
    this.#streamName = props.streamName;
    this.bucket = this.lakeBucket(props);
    this.database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: props.databaseName, description: 'Telemetry of devices' },
    });
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetentionDays as RetentionDays,
      removalPolicy: props.removalPolicy,
    });
    const tables: Partial<Record<LakeTableName, LakeTable>> = {};
    for (const name of props.tables) {
      tables[name] = new LakeTable(this, name, {
        ...props,
        bucket: this.bucket,
        database: this.database,
        tableName: name,
        description: DESCRIPTIONS[name],
        columns: name === 'telemetry' ? [...LAKE_COLUMNS[name], ...measureColumns(props.measures)] : LAKE_COLUMNS[name],
        prefix: `${LAKE_PREFIXES.tables}/${name}`,
        errorPrefix: `${LAKE_PREFIXES.errors}/${name}`,
        streamName: props.streamName(name),
        logGroup,
      });
    }
    this.tables = tables;
    this.workGroup = new CfnWorkGroup(this, 'WorkGroup', {
      name: props.workGroupName,
      description: 'Queries of telemetry: what each may read is limited, results are encrypted and expire',
      // Results are copies; with the stage they may go.
      recursiveDeleteOption: props.removalPolicy === RemovalPolicy.DESTROY,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: props.queryLimitMegabytes * 1_000_000,
        resultConfiguration: {
          outputLocation: `s3://${this.bucket.bucketName}/${LAKE_PREFIXES.results}/`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
        },
      },
    });
    this.outputs = {
      LakeDatabaseName: this.database.ref,
      LakeWorkGroupName: this.workGroup.ref,
      LakeBucketName: this.bucket.bucketName,
      LakeBufferSeconds: String(props.bufferSeconds),
      LakeTables: props.tables.join(','),
    };
  }

  /** Allows a function, of any stack, to put rows of a table; by name, so that it does not hold on to an export. */
  grantPut({ role }: BundledFunction, table: LakeTableName): void {
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'PutRows',
        actions: ['firehose:PutRecordBatch'],
        resources: [
          Stack.of(role).formatArn({
            service: 'firehose',
            resource: 'deliverystream',
            resourceName: this.#streamName(table),
          }),
        ],
      }),
    );
  }

  private lakeBucket(props: TelemetryLakeProps): Bucket {
    const bucket = new Bucket(this, 'Bucket', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      removalPolicy: props.removalPolicy,
      lifecycleRules: [
        { id: 'tables', prefix: `${LAKE_PREFIXES.tables}/`, expiration: Duration.days(props.keepDays) },
        { id: 'results', prefix: `${LAKE_PREFIXES.results}/`, expiration: Duration.days(props.resultDays) },
        { id: 'unfinished-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) },
      ],
    });
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'Only the delivery streams and Athena write here; who reads is recorded by CloudTrail data events, which an ' +
        'account turns on once for all its buckets. A log bucket per lake would be one more store to keep.',
    );
    return bucket;
  }
}

/** The catalog knows names in lower case only. */
function measureColumns(measures: TelemetryLakeProps['measures']): LakeColumn[] {
  return measures.map(({ name, type }) => ({ name: name.toLowerCase(), type, comment: 'Measure' }));
}
