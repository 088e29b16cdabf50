import type { LakeColumn } from '@fleetwright/contracts';
import { ArnFormat, Aws, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { CfnDeliveryStream } from 'aws-cdk-lib/aws-kinesisfirehose';
import { type LogGroup, LogStream } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

export interface LakeTableProps {
  readonly bucket: Bucket;
  readonly database: CfnDatabase;
  readonly databaseName: string;
  readonly tableName: string;
  readonly description: string;
  readonly columns: readonly LakeColumn[];
  /** Its files lie under `<prefix>/date=…/hour=…/`. */
  readonly prefix: string;
  readonly errorPrefix: string;
  /** Fixed, so that writers of other stacks can name it. */
  readonly streamName: string;
  /** A file is closed after this time, in seconds (0–900). */
  readonly bufferSeconds: number;
  /** … or at this size of what came, in MiB (64–128), whichever comes first. */
  readonly bufferMegabytes: number;
  readonly keepDays: number;
  readonly logGroup: LogGroup;
  readonly alarmActionArns: readonly string[];
}

const PARQUET = {
  input: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
  output: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
  library: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
} as const;

/** What a delivery may take beyond the time in which a file is filled before an operator must know. */
const DELIVERY_SECONDS = 900;

/**
 * A table of Parquet files and the delivery stream that writes them, divided by the hour in which rows were received.
 *
 * The hour of receipt is known without looking into a row: it costs no dynamic partitioning, and a device that sends the
 * backlog of a week fills one file, not 168. Partitions are projected: what is new is found without a crawler.
 */
export class LakeTable extends Construct {
  readonly table: CfnTable;
  readonly stream: CfnDeliveryStream;

  constructor(scope: Construct, id: string, props: LakeTableProps) {
    super(scope, id);
    const { bucket, prefix } = props;
    const location = `s3://${bucket.bucketName}/${prefix}/`;
    this.table = new CfnTable(this, 'Table', {
      catalogId: Aws.ACCOUNT_ID,
      databaseName: props.database.ref,
      tableInput: {
        name: props.tableName,
        description: props.description,
        tableType: 'EXTERNAL_TABLE',
        // Athena user guide, "Set up partition projection".
        parameters: {
          classification: 'parquet',
          'projection.enabled': 'true',
          'projection.date.type': 'date',
          'projection.date.format': 'yyyy-MM-dd',
          'projection.date.range': `NOW-${props.keepDays}DAYS,NOW`,
          'projection.hour.type': 'integer',
          'projection.hour.range': '0,23',
          'projection.hour.digits': '2',
          'storage.location.template': `${location}date=\${date}/hour=\${hour}/`,
        },
        partitionKeys: [
          { name: 'date', type: 'string', comment: 'Day of receipt, UTC' },
          { name: 'hour', type: 'int', comment: 'Hour of receipt, UTC' },
        ],
        storageDescriptor: {
          columns: props.columns.map(({ comment, name, type }) => ({ name, type, comment })),
          location,
          inputFormat: PARQUET.input,
          outputFormat: PARQUET.output,
          serdeInfo: { serializationLibrary: PARQUET.library },
        },
      },
    });

    const role = this.role(props);
    const logStream = new LogStream(this, 'LogStream', {
      logGroup: props.logGroup,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stream = new CfnDeliveryStream(this, 'Stream', {
      deliveryStreamName: props.streamName,
      deliveryStreamType: 'DirectPut',
      deliveryStreamEncryptionConfigurationInput: { keyType: 'AWS_OWNED_CMK' },
      extendedS3DestinationConfiguration: {
        bucketArn: bucket.bucketArn,
        roleArn: role.roleArn,
        bufferingHints: { intervalInSeconds: props.bufferSeconds, sizeInMBs: props.bufferMegabytes },
        // Parquet is compressed inside.
        compressionFormat: 'UNCOMPRESSED',
        prefix: `${prefix}/date=!{timestamp:yyyy-MM-dd}/hour=!{timestamp:HH}/`,
        errorOutputPrefix: `${props.errorPrefix}/!{firehose:error-output-type}/date=!{timestamp:yyyy-MM-dd}/`,
        dataFormatConversionConfiguration: {
          enabled: true,
          schemaConfiguration: {
            roleArn: role.roleArn,
            catalogId: Aws.ACCOUNT_ID,
            databaseName: props.database.ref,
            tableName: this.table.ref,
            region: Aws.REGION,
            versionId: 'LATEST',
          },
          inputFormatConfiguration: { deserializer: { openXJsonSerDe: {} } },
          outputFormatConfiguration: { serializer: { parquetSerDe: { compression: 'SNAPPY' } } },
        },
        cloudWatchLoggingOptions: {
          enabled: true,
          logGroupName: props.logGroup.logGroupName,
          logStreamName: logStream.logStreamName,
        },
      },
    });
    this.stream.node.addDependency(role);
    this.alarms(props);
  }

  /** Firehose developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics". */
  private alarms({ alarmActionArns, bufferSeconds, errorPrefix, streamName, tableName }: LakeTableProps): void {
    const metric = (metricName: string, statistic: string) =>
      new Metric({
        namespace: 'AWS/Firehose',
        metricName,
        statistic,
        period: Duration.minutes(5),
        dimensionsMap: { DeliveryStreamName: streamName },
      });
    new OperatorAlarm(this, 'NotConverted', {
      description: `Rows of the lake's table ${tableName} do not fit it: they lie under ${errorPrefix}/ of its bucket.`,
      metric: metric('FailedConversion.Records', 'Sum'),
      above: 0,
      actionArns: alarmActionArns,
    });
    new OperatorAlarm(this, 'Behind', {
      description: `Rows of the lake's table ${tableName} are not delivered: read the log of its delivery stream. Nothing is lost for 24 hours.`,
      metric: metric('DeliveryToS3.DataFreshness', 'Maximum'),
      above: bufferSeconds + DELIVERY_SECONDS,
      actionArns: alarmActionArns,
    });
  }

  /** Firehose developer guide, "Grant Firehose access to an Amazon S3 destination", cut to what is in use. */
  private role({ bucket, databaseName, errorPrefix, logGroup, prefix, tableName }: LakeTableProps): Role {
    const stack = Stack.of(this);
    const role = new Role(this, 'Role', {
      description: `Delivery stream of the lake's table ${tableName}: reads its schema, writes files and its own log`,
      assumedBy: new ServicePrincipal('firehose.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
    });
    const objects = [prefix, errorPrefix].map((path) => bucket.arnForObjects(`${path}/*`));
    for (const object of objects) acknowledgeWildcard(role, object, 'The stream names its files as it writes them.');
    const glue = (resource: string, resourceName?: string) =>
      stack.formatArn({
        service: 'glue',
        resource,
        ...(resourceName === undefined ? { arnFormat: ArnFormat.NO_RESOURCE_NAME } : { resourceName }),
      });
    for (const statement of [
      { actions: ['s3:AbortMultipartUpload', 's3:GetObject', 's3:PutObject'], resources: objects },
      {
        actions: ['s3:GetBucketLocation', 's3:ListBucket', 's3:ListBucketMultipartUploads'],
        resources: [bucket.bucketArn],
      },
      {
        actions: ['glue:GetTable', 'glue:GetTableVersion', 'glue:GetTableVersions'],
        resources: [glue('catalog'), glue('database', databaseName), glue('table', `${databaseName}/${tableName}`)],
      },
      { actions: ['logs:PutLogEvents'], resources: [logGroup.logGroupArn] },
    ]) {
      role.addToPrincipalPolicy(new PolicyStatement(statement));
    }
    return role;
  }
}
