import type { CloudContext } from '../../core/plugin.ts';
import { type PublishedMessage, textFor } from './message.ts';
import type { SubscriptionRecord, TopicRecord } from './records.ts';
import type { Signer } from './signer.ts';

/** Body of a delivery (developer guide, "Parsing Amazon SNS message formats"). */
export interface Envelope {
  readonly Type: 'Notification' | 'SubscriptionConfirmation' | 'UnsubscribeConfirmation';
  readonly MessageId: string;
  readonly Token?: string;
  readonly TopicArn: string;
  readonly Subject?: string;
  readonly Message: string;
  readonly SubscribeURL?: string;
  readonly Timestamp: string;
  readonly SignatureVersion: '1' | '2';
  readonly Signature: string;
  readonly SigningCertURL: string;
  readonly UnsubscribeURL?: string;
  readonly MessageAttributes?: PublishedMessage['attributes'];
}

/** Where the unsigned operations of a subscriber are: AWS has them at the API's own address. */
export function unsignedUrl(context: CloudContext, query: Readonly<Record<string, string>>): string {
  return `${context.ports.get('endpoints').apiUrl}/_sns/?${new URLSearchParams(query)}`;
}

export class Envelopes {
  readonly #context: CloudContext;
  readonly #signer: Signer;
  /** The signature of a message is the same for all subscribers of one text. */
  readonly #signed = new WeakMap<
    PublishedMessage,
    Map<string, Promise<{ Signature: string; SigningCertURL: string }>>
  >();

  constructor(context: CloudContext, signer: Signer) {
    this.#context = context;
    this.#signer = signer;
  }

  async notification(
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    message: PublishedMessage,
  ): Promise<Envelope> {
    const version = versionOf(topic);
    const Message = textFor(message, subscription.protocol);
    const fields = {
      Type: 'Notification',
      MessageId: message.id,
      TopicArn: topic.arn,
      ...(message.subject === undefined ? {} : { Subject: message.subject }),
      Message,
      Timestamp: new Date(message.time).toISOString(),
    } as const;
    let signatures = this.#signed.get(message);
    if (signatures === undefined) {
      signatures = new Map();
      this.#signed.set(message, signatures);
    }
    let signature = signatures.get(Message);
    if (signature === undefined) {
      signature = this.#signer.sign(fields, version);
      signatures.set(Message, signature);
    }
    return {
      ...fields,
      SignatureVersion: version,
      ...(await signature),
      UnsubscribeURL: unsignedUrl(this.#context, { Action: 'Unsubscribe', SubscriptionArn: subscription.arn }),
      ...(message.attributes === undefined ? {} : { MessageAttributes: message.attributes }),
    };
  }

  /** Asks an endpoint to confirm, or tells it that it was unsubscribed and how to come back. */
  async confirmation(
    type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation',
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    token: string,
    messageId: string,
  ): Promise<Envelope> {
    const version = versionOf(topic);
    const fields = {
      Type: type,
      MessageId: messageId,
      Token: token,
      TopicArn: topic.arn,
      Message:
        type === 'SubscriptionConfirmation'
          ? `You have chosen to subscribe to the topic ${topic.arn}.\nTo confirm the subscription, visit the SubscribeURL included in this message.`
          : `You have chosen to deactivate subscription ${subscription.arn}.\nTo cancel this operation and restore the subscription, visit the SubscribeURL included in this message.`,
      SubscribeURL: unsignedUrl(this.#context, { Action: 'ConfirmSubscription', TopicArn: topic.arn, Token: token }),
      Timestamp: new Date(this.#context.clock.now()).toISOString(),
    } as const;
    return { ...fields, SignatureVersion: version, ...(await this.#signer.sign(fields, version)) };
  }
}

function versionOf(topic: TopicRecord): '1' | '2' {
  return topic.attributes.SignatureVersion === '2' ? '2' : '1';
}
