import type { PlatformNames } from '@fleetwright/contracts';
import { ArnFormat, Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { CfnPolicy, CfnThingGroup } from 'aws-cdk-lib/aws-iot';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { SqsSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { SecuritySettings } from '../../config/security-settings.ts';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';
import { checkPolicySize } from '../device-registry/policy-size.ts';
import { attachToGroup } from './group-policy.ts';
import { quarantineAlarms } from './quarantine-alarms.ts';
import { grantQuarantine } from './quarantine-grants.ts';
import { QUARANTINE_POLICY } from './quarantine-policy.ts';

export interface QuarantineProps {
  readonly names: PlatformNames;
  readonly settings: SecuritySettings['quarantine'];
  /** Violations and audit notices. */
  readonly findings: ITopic;
  readonly deadLetterDays: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

const TIMEOUT_SECONDS = 60;
const MAX_RECEIVES = 8;

/**
 * The quarantine: a group whose policy denies everything, and the function that has devices join and leave it.
 * The policy is on the group, not on a certificate, so that a device cannot leave by registering again.
 */
export class Quarantine extends Construct {
  readonly function: BundledFunction;
  readonly records: Table;
  readonly failedQueue: Queue;

  constructor(scope: Construct, id: string, props: QuarantineProps) {
    super(scope, id);
    const { names, settings, removalPolicy } = props;
    const group = new CfnThingGroup(this, 'Group', {
      thingGroupName: names.quarantine,
      thingGroupProperties: { thingGroupDescription: `devices of ${names.topicRoot} that may do nothing` },
    });
    checkPolicySize(this, 'quarantine policy', QUARANTINE_POLICY);
    const policy = new CfnPolicy(this, 'Policy', {
      policyName: names.quarantine,
      policyDocument: QUARANTINE_POLICY,
    });
    for (const resource of [group, policy]) resource.applyRemovalPolicy(removalPolicy);
    const groupArn = Stack.of(this).formatArn({
      service: 'iot',
      resource: 'thinggroup',
      resourceName: names.quarantine,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    });
    attachToGroup(this, { group, groupArn, policy, ...props });

    this.records = new Table(this, 'Records', {
      partitionKey: { name: 'id', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
    this.failedQueue = new DeadLetterQueue(this, 'Failed', {
      meaning: `A violation, finding or confirmation failed ${MAX_RECEIVES} times on its way to the quarantine.`,
      retentionDays: props.deadLetterDays,
      removalPolicy,
      alarmActionArns: props.alarmActionArns,
    }).queue;
    const queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      // Lambda developer guide, "Using Lambda with Amazon SQS": six times the function's timeout.
      visibilityTimeout: Duration.seconds(6 * TIMEOUT_SECONDS),
      retentionPeriod: Duration.days(props.deadLetterDays),
      deadLetterQueue: { queue: this.failedQueue, maxReceiveCount: MAX_RECEIVES },
      removalPolicy,
    });
    if (settings.automatic) props.findings.addSubscription(new SqsSubscription(queue, { rawMessageDelivery: true }));

    this.function = new BundledFunction(this, 'Device', {
      name: 'quarantine-device',
      description: 'Puts devices into the quarantine and releases them',
      environment: {
        TOPIC_ROOT: names.topicRoot,
        QUARANTINE_GROUP: names.quarantine,
        QUARANTINE_TABLE: this.records.tableName,
        QUARANTINE_QUEUE_URL: queue.queueUrl,
        AUTOMATIC: String(settings.automatic),
        BEHAVIORS: settings.behaviors.join(','),
        AUDIT_CHECKS: settings.auditChecks.join(','),
        MAX_PER_HOUR: String(settings.maxPerHour),
        GRACE_MINUTES: String(settings.graceMinutes),
        CONFIRM_SECONDS: String(settings.confirmSeconds),
      },
      timeout: Duration.seconds(TIMEOUT_SECONDS),
      memoryMegabytes: 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    grantQuarantine(this.function.role, {
      names,
      groupArn,
      records: this.records,
      queue,
      automatic: settings.automatic,
    });
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: this.function.function,
      eventSourceArn: queue.queueArn,
      batchSize: 10,
      maxConcurrency: 2,
      reportBatchItemFailures: true,
    });
    mapping.node.addDependency(this.function.role);
    quarantineAlarms(this, { function: this.function, ...props });
  }
}
