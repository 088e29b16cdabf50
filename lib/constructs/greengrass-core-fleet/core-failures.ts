import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { type IRuleTarget, Match, Rule } from 'aws-cdk-lib/aws-events';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';

export interface CoreFailuresProps {
  /** Names of the cores' things: `my-fleet-core-*`. */
  readonly thingNames: string;
  readonly deadLetterDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly alarmActionArns: readonly string[];
}

/** EventBridge user guide, "Event retry policy and using dead-letter queues": what it does by itself. */
const MAX_EVENT_AGE = Duration.hours(24);
const MAX_RETRIES = 185;

/**
 * Deployments that failed on a core, and components that a core has given up (Greengrass developer guide,
 * `deployment-health-notifications`), each as a letter for a person. A component that is `ERRORED` is started again by its
 * core; one that is `BROKEN` waits for somebody. Events come as well as AWS can, and may come twice.
 */
export class CoreFailures extends Construct {
  readonly failed: Queue;
  readonly undelivered: Queue;

  constructor(scope: Construct, id: string, props: CoreFailuresProps) {
    super(scope, id);
    const letters = {
      retentionDays: props.deadLetterDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns: props.alarmActionArns,
    };
    this.failed = new DeadLetterQueue(this, 'Failed', {
      ...letters,
      meaning: 'A deployment failed on a Greengrass core, or a component of one is broken; the message names both.',
    }).queue;
    this.undelivered = new DeadLetterQueue(this, 'Undelivered', {
      ...letters,
      meaning: 'A failure of a Greengrass core could not be put on its queue.',
    }).queue;
    this.rule('Deployments', 'deployments that failed on a core', 'Effective Deployment Status Change', props, {
      coreDeviceExecutionStatus: ['FAILED'],
    });
    this.rule('Components', 'components that are broken on a core', 'Installed Component Status Change', props, {
      components: { lifecycleState: ['BROKEN'] },
    });
  }

  private rule(id: string, description: string, change: string, props: CoreFailuresProps, detail: object): void {
    const rule = new Rule(this, id, {
      description,
      eventPattern: {
        source: ['aws.greengrass'],
        detailType: [`Greengrass V2 ${change}`],
        resources: Match.wildcard(`arn:*:coreDevices:${props.thingNames}`),
        detail,
      },
      targets: [this.target()],
    });
    // EventBridge user guide, "Using resource-based policies for Amazon EventBridge" (Amazon SQS permissions).
    for (const queue of [this.failed, this.undelivered]) {
      queue.addToResourcePolicy(
        new PolicyStatement({
          principals: [new ServicePrincipal('events.amazonaws.com')],
          actions: ['sqs:SendMessage'],
          resources: [queue.queueArn],
          conditions: { ArnEquals: { 'aws:SourceArn': rule.ruleArn } },
        }),
      );
    }
  }

  /** Not the CDK's own, which would also let EventBridge look at the queue. */
  private target(): IRuleTarget {
    return {
      bind: () => ({
        arn: this.failed.queueArn,
        deadLetterConfig: { arn: this.undelivered.queueArn },
        retryPolicy: { maximumEventAgeInSeconds: MAX_EVENT_AGE.toSeconds(), maximumRetryAttempts: MAX_RETRIES },
      }),
    };
  }
}
