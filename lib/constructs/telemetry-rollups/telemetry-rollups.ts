import { ROLLUPS, type Rollup } from '@fleetwright/contracts';
import { Aws, Stack } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import {
  FilterOrPolicy,
  Subscription,
  SubscriptionFilter,
  SubscriptionProtocol,
  type Topic,
} from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { CfnScheduledQuery, CfnTable } from 'aws-cdk-lib/aws-timestream';
import { Construct } from 'constructs';
import { acknowledge, acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';
import { NotificationTopic } from '../notification-topic/notification-topic.ts';
import { QueueConsumer, type QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { rollupQuery, rollupTarget, SCHEDULES } from './rollup-query.ts';
import { TableSeed } from './table-seed.ts';

export interface TelemetryRollupsProps extends QueueConsumerDefaults {
  readonly databaseName: string;
  readonly tableName: string;
  /** Table of samples, partitioned by `thing_name`. */
  readonly table: CfnTable;
  /** Is made before the tables of roll-ups: Timestream makes one at a time. */
  readonly after: CfnTable;
  /** Name of the table of a roll-up; it is made here, in the same database. */
  readonly rollupTableName: (rollup: Rollup) => string;
  /** Numbers that are rolled up, by name (at most 60). */
  readonly measures: readonly string[];
  /** How late a sample may be and still be in the roll-ups. */
  readonly maxOfflineHours: number;
  /** How long the memory store of a roll-up takes what is made anew; at least `maxOfflineHours`. */
  readonly memoryHours: number;
  readonly minuteDays: number;
  readonly hourDays: number;
  /** Takes the reports of runs that failed. */
  readonly reportBucket: IBucket;
  readonly reportPrefix: string;
  readonly displayName: string;
}

/**
 * Roll-ups of one minute and one hour, for each device, by scheduled queries of Timestream. What is stored too late for
 * them is noted by the writer of samples in `lateSlots`, and makes its slots anew (developer guide, "Handling
 * late-arriving data": manual executions).
 */
export class TelemetryRollups extends Construct {
  /** Takes `LateSlots`. */
  readonly lateSlots: IQueue;
  readonly failedRuns: IQueue;
  readonly outputs: Readonly<Record<string, string>>;
  readonly #tables: CfnTable[] = [];

  constructor(scope: Construct, id: string, props: TelemetryRollupsProps) {
    super(scope, id);
    const { topic } = new NotificationTopic(this, 'Runs', {
      displayName: props.displayName,
      publishers: [],
      emails: [],
    });
    this.failedRuns = this.failures(topic, props);
    const seed = new TableSeed(this, 'Seed', props);
    const arns = {} as Record<Rollup, string>;
    for (const rollup of Object.keys(ROLLUPS) as Rollup[]) {
      const table = this.rollupTable(rollup, props);
      const role = this.runRole(rollup, table, topic.topicArn, props);
      const query = new CfnScheduledQuery(this, `Query${rollup}`, {
        queryString: rollupQuery(rollup, props),
        scheduleConfiguration: { scheduleExpression: SCHEDULES[rollup] },
        scheduledQueryExecutionRoleArn: role.roleArn,
        notificationConfiguration: { snsConfiguration: { topicArn: topic.topicArn } },
        errorReportConfiguration: {
          s3Configuration: {
            bucketName: props.reportBucket.bucketName,
            objectKeyPrefix: `${props.reportPrefix}/${rollup}`,
            encryptionOption: 'SSE_S3',
          },
        },
        targetConfiguration: {
          timestreamConfiguration: {
            databaseName: props.databaseName,
            tableName: table.attrName,
            ...rollupTarget(props.measures),
          },
        },
      });
      query.node.addDependency(seed, role, table);
      acknowledgeTimestream(query);
      arns[rollup] = query.attrArn;
    }
    const consumer = this.recompute(arns, props);
    this.lateSlots = consumer.queue;
    this.outputs = {
      MinuteTableName: props.rollupTableName('1m'),
      HourTableName: props.rollupTableName('1h'),
      MinuteQueryArn: arns['1m'],
      HourQueryArn: arns['1h'],
      RollupFailedQueueUrl: this.failedRuns.queueUrl,
      LateSlotsFailedQueueUrl: consumer.failedQueue.queueUrl,
    };
  }

  private failures(topic: Topic, props: TelemetryRollupsProps): IQueue {
    const { queue } = new DeadLetterQueue(this, 'FailedRuns', {
      meaning: 'A roll-up could not be made; the message says which and why.',
      retentionDays: props.deadLetterDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns: props.alarmActionArns,
    });
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': topic.topicArn } },
      }),
    );
    new Subscription(this, 'Failures', {
      topic,
      protocol: SubscriptionProtocol.SQS,
      endpoint: queue.queueArn,
      rawMessageDelivery: true,
      // Every run is told of (developer guide, "Scheduled query notification messages").
      filterPolicyWithMessageBody: {
        type: FilterOrPolicy.filter(
          SubscriptionFilter.stringFilter({ allowlist: ['AUTO_TRIGGER_FAILURE', 'MANUAL_TRIGGER_FAILURE'] }),
        ),
      },
    });
    return queue;
  }

  private rollupTable(rollup: Rollup, props: TelemetryRollupsProps): CfnTable {
    const days = rollup === '1m' ? props.minuteDays : props.hourDays;
    const table = new CfnTable(this, `Table${rollup}`, {
      databaseName: props.databaseName,
      tableName: props.rollupTableName(rollup),
      retentionProperties: {
        MemoryStoreRetentionPeriodInHours: String(props.memoryHours),
        MagneticStoreRetentionPeriodInDays: String(days),
      },
      schema: {
        compositePartitionKey: [{ type: 'DIMENSION', name: 'thing_name', enforcementInRecord: 'REQUIRED' }],
      },
    });
    table.applyRemovalPolicy(props.removalPolicy);
    // Timestream takes one create or delete a second in an account (quotas, "Request rate for CRUD APIs").
    table.node.addDependency(this.#tables.at(-1) ?? props.after);
    this.#tables.push(table);
    acknowledgeTimestream(table);
    return table;
  }

  /** Timestream developer guide, "Identity-based policies: scheduled queries". */
  private runRole(rollup: Rollup, target: CfnTable, topicArn: string, props: TelemetryRollupsProps): Role {
    const stack = Stack.of(this);
    const role = new Role(this, `Role${rollup}`, {
      description: `Roll-up of ${rollup}: reads samples, writes buckets, reports`,
      assumedBy: new ServicePrincipal('timestream.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID },
          ArnLike: {
            'aws:SourceArn': stack.formatArn({ service: 'timestream', resource: 'scheduled-query', resourceName: '*' }),
          },
        },
      }),
    });
    const reports = props.reportBucket.arnForObjects(`${props.reportPrefix}/${rollup}/*`);
    for (const [actions, resource] of [
      [['timestream:Select'], props.table.attrArn],
      [['timestream:WriteRecords'], target.attrArn],
      [['timestream:DescribeEndpoints'], '*'],
      [['sns:Publish'], topicArn],
      [['s3:PutObject'], reports],
      [['s3:GetBucketAcl'], props.reportBucket.bucketArn],
    ] as const) {
      role.addToPrincipalPolicy(new PolicyStatement({ actions: [...actions], resources: [resource] }));
    }
    acknowledgeWildcard(role, reports, 'Timestream names its reports.');
    acknowledgeWildcard(
      role,
      '*',
      'DescribeEndpoints has no resource types (service authorization reference, Timestream).',
    );
    return role;
  }

  private recompute(arns: Record<Rollup, string>, props: TelemetryRollupsProps): QueueConsumer {
    const consumer = new QueueConsumer(this, 'Recompute', {
      ...props,
      functionName: 'recompute-rollups',
      description: 'Makes roll-ups anew for what came late',
      content: 'Late slots',
      environment: {
        MINUTE_QUERY_ARN: arns['1m'],
        HOUR_QUERY_ARN: arns['1h'],
        MAX_OFFLINE_HOURS: String(props.maxOfflineHours),
      },
      // Slots of many devices that come back together are the same few: gathered, each is made anew once.
      batchSize: 1000,
      batchWindowSeconds: 60,
    });
    const { role } = consumer.function;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'RunQueries',
        actions: ['timestream:ExecuteScheduledQuery'],
        resources: [arns['1m'], arns['1h']],
      }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'FindEndpoint', actions: ['timestream:DescribeEndpoints'], resources: ['*'] }),
    );
    acknowledgeWildcard(
      role,
      '*',
      'DescribeEndpoints has no resource types (service authorization reference, Timestream).',
    );
    return consumer;
  }
}

function acknowledgeTimestream(resource: CfnTable | CfnScheduledQuery): void {
  acknowledge(
    resource,
    'CloudFormation-Validate::W3697',
    'Timestream for LiveAnalytics is the hot store that this platform is asked for; see its database.',
  );
}
