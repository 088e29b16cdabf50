/** A topic as it is kept on disk. */
export interface TopicRecord {
  readonly name: string;
  readonly arn: string;
  /** Settable attributes as they were given; an absent one stands at its default. */
  readonly attributes: Readonly<Partial<Record<TopicAttribute, string>>>;
  readonly tags: Readonly<Record<string, string>>;
  /** Subscriptions that were deleted, for `SubscriptionsDeleted`. */
  readonly deletedSubscriptions: number;
}

/** Attributes of a topic that can be set here (API reference, SetTopicAttributes). */
export type TopicAttribute = 'DisplayName' | 'Policy' | 'DeliveryPolicy' | 'SignatureVersion' | 'TracingConfig';

export const PROTOCOLS = ['http', 'https', 'email', 'email-json', 'sms', 'sqs', 'lambda', 'firehose'] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** Attributes of a subscription that can be set here (API reference, SetSubscriptionAttributes). */
export type SubscriptionAttribute =
  | 'DeliveryPolicy'
  | 'FilterPolicy'
  | 'FilterPolicyScope'
  | 'RawMessageDelivery'
  | 'RedrivePolicy'
  | 'SubscriptionRoleArn';

/** A subscription as it is kept on disk. */
export interface SubscriptionRecord {
  /** `<topic ARN>:<id>` */
  readonly arn: string;
  readonly topicArn: string;
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly owner: string;
  readonly attributes: Readonly<Partial<Record<SubscriptionAttribute, string>>>;
  /** Set until the endpoint confirms. */
  readonly pending?: {
    readonly token: string;
    /** ms since the epoch */
    readonly since: number;
  };
  /** Token that confirmed it: confirming again answers the same. */
  readonly confirmedBy?: string;
  readonly confirmationWasAuthenticated: boolean;
  /** Unsubscribe needs a signature. */
  readonly authenticateOnUnsubscribe: boolean;
}
