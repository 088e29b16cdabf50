import { Aws } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface NotificationTopicProps {
  /** @default a name of CloudFormation's */
  readonly topicName?: string;
  readonly displayName: string;
  /** Services that may publish for this account without a role of it. */
  readonly publishers: readonly string[];
  /** Each gets a mail that asks for consent first. */
  readonly emails: readonly string[];
}

/** A topic for people and for what they connect to it. */
export class NotificationTopic extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, props: NotificationTopicProps) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', {
      ...(props.topicName !== undefined && { topicName: props.topicName }),
      displayName: props.displayName,
      enforceSSL: true,
    });
    for (const publisher of props.publishers) {
      this.topic.addToResourcePolicy(
        new PolicyStatement({
          sid: `Publish${publisher.replace(/\W/g, '')}`,
          principals: [new ServicePrincipal(publisher)],
          actions: ['sns:Publish'],
          resources: [this.topic.topicArn],
          conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
        }),
      );
    }
    for (const email of props.emails) this.topic.addSubscription(new EmailSubscription(email));
  }
}
