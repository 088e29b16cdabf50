import { parseArn } from '../../core/account.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { ServicePrincipal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { DeliveryFailure } from './delivery-failure.ts';
import { readSubscriptionDelivery } from './delivery-policy.ts';
import type { Envelope, Envelopes } from './envelope.ts';
import { post } from './http-endpoint.ts';
import { MAX_RAW_QUEUE_ATTRIBUTES } from './limits.ts';
import { type PublishedMessage, textFor } from './message.ts';
import type { SubscriptionRecord, TopicRecord } from './records.ts';

/** Hands one message to one subscriber. */
export class Targets {
  readonly #context: CloudContext;
  readonly #envelopes: Envelopes;

  constructor(context: CloudContext, envelopes: Envelopes) {
    this.#context = context;
    this.#envelopes = envelopes;
  }

  /** @throws DeliveryFailure */
  async deliver(topic: TopicRecord, subscription: SubscriptionRecord, message: PublishedMessage): Promise<void> {
    try {
      await this.#deliver(topic, subscription, message);
    } catch (error) {
      throw failureOf(error);
    }
  }

  /** @throws AwsError */
  async deadLetter(
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    message: PublishedMessage,
    queueArn: string,
  ): Promise<void> {
    await this.#sendToQueue(topic, subscription, message, queueArn);
  }

  /** Sends a confirmation request; retried by nobody: subscribing again asks again. @throws DeliveryFailure */
  async confirm(topic: TopicRecord, subscription: SubscriptionRecord, envelope: Envelope): Promise<void> {
    await post(
      this.#context,
      subscription.endpoint,
      { ...headersOf(envelope, topic, undefined), 'content-type': 'text/plain; charset=UTF-8' },
      JSON.stringify(envelope, undefined, 2),
    );
  }

  async #deliver(topic: TopicRecord, subscription: SubscriptionRecord, message: PublishedMessage): Promise<void> {
    const raw = subscription.attributes.RawMessageDelivery === 'true';
    switch (subscription.protocol) {
      case 'sqs':
        return this.#sendToQueue(topic, subscription, message, subscription.endpoint);
      case 'lambda':
        return this.#invoke(topic, subscription, message);
      case 'firehose': {
        const role = this.#context.ports
          .get('authorizer')
          .assumeRole(principalOf(topic), subscription.attributes.SubscriptionRoleArn as string, 'sns');
        const text = raw ? textFor(message, 'firehose') : await this.#envelopeText(topic, subscription, message);
        const DeliveryStreamName = parseArn(subscription.endpoint)?.resource.slice('deliverystream/'.length);
        await this.#context.api.call(role, 'firehose', 'PutRecord', {
          DeliveryStreamName,
          Record: { Data: Buffer.from(`${text}\n`) },
        });
        return;
      }
      case 'http':
      case 'https':
        return this.#post(topic, subscription, message, raw);
      default:
        throw new DeliveryFailure(`${subscription.protocol} is not delivered by this cloud`, true);
    }
  }

  async #post(
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    message: PublishedMessage,
    raw: boolean,
  ): Promise<void> {
    const { headerContentType } = readSubscriptionDelivery(
      subscription.attributes.DeliveryPolicy,
      topic.attributes.DeliveryPolicy,
    );
    const envelope = await this.#envelopes.notification(topic, subscription, message);
    const headers = { ...headersOf(envelope, topic, subscription), 'content-type': headerContentType };
    if (raw) {
      const body = textFor(message, subscription.protocol);
      return post(this.#context, subscription.endpoint, { ...headers, 'x-amz-sns-rawdelivery': 'true' }, body);
    }
    return post(this.#context, subscription.endpoint, headers, JSON.stringify(envelope, undefined, 2));
  }

  async #sendToQueue(
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    message: PublishedMessage,
    queueArn: string,
  ): Promise<void> {
    const raw = subscription.attributes.RawMessageDelivery === 'true';
    const queue = parseArn(queueArn);
    const attributes = raw ? queueAttributes(message) : undefined;
    await this.#context.api.call(principalOf(topic), 'sqs', 'SendMessage', {
      QueueUrl: `https://sqs.${queue?.region}.amazonaws.com/${queue?.accountId}/${queue?.resource}`,
      MessageBody: raw
        ? textFor(message, subscription.protocol)
        : await this.#envelopeText(topic, subscription, message),
      ...(attributes === undefined ? {} : { MessageAttributes: attributes }),
    });
  }

  /** The event of a function (Lambda developer guide, "Using AWS Lambda with Amazon SNS"). */
  async #invoke(topic: TopicRecord, subscription: SubscriptionRecord, message: PublishedMessage): Promise<void> {
    const { SigningCertURL, UnsubscribeURL, ...rest } = await this.#envelopes.notification(
      topic,
      subscription,
      message,
    );
    const record = {
      EventSource: 'aws:sns',
      EventVersion: '1.0',
      EventSubscriptionArn: subscription.arn,
      Sns: {
        ...rest,
        Subject: rest.Subject ?? null,
        MessageAttributes: rest.MessageAttributes ?? {},
        SigningCertUrl: SigningCertURL,
        UnsubscribeUrl: UnsubscribeURL,
      },
    };
    await this.#context.api.call(principalOf(topic), 'lambda', 'Invoke', {
      FunctionName: subscription.endpoint,
      InvocationType: 'Event',
      Payload: Buffer.from(JSON.stringify({ Records: [record] })),
    });
  }

  async #envelopeText(
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    message: PublishedMessage,
  ): Promise<string> {
    return JSON.stringify(await this.#envelopes.notification(topic, subscription, message), undefined, 2);
  }
}

function principalOf(topic: TopicRecord): ServicePrincipal {
  const sourceAccount = parseArn(topic.arn)?.accountId as string;
  return { kind: 'service', service: 'sns.amazonaws.com', sourceArn: topic.arn, sourceAccount };
}

/** @throws DeliveryFailure for more attributes than a queue takes */
function queueAttributes(message: PublishedMessage): Record<string, object> | undefined {
  const entries = Object.entries(message.attributes ?? {});
  if (entries.length > MAX_RAW_QUEUE_ATTRIBUTES) {
    throw new DeliveryFailure(`a raw message with ${entries.length} attributes does not fit a queue`, true);
  }
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, { Type: type, Value: value }]) => [
      name,
      type.startsWith('Binary')
        ? { DataType: type, BinaryValue: Buffer.from(value, 'base64') }
        : { DataType: type, StringValue: value },
    ]),
  );
}

function headersOf(
  envelope: Envelope,
  topic: TopicRecord,
  subscription: SubscriptionRecord | undefined,
): Record<string, string> {
  return {
    'x-amz-sns-message-type': envelope.Type,
    'x-amz-sns-message-id': envelope.MessageId,
    'x-amz-sns-topic-arn': topic.arn,
    ...(subscription === undefined ? {} : { 'x-amz-sns-subscription-arn': subscription.arn }),
  };
}

/** A refusal (access denied, no such queue or function, invalid input) is the client's fault, the rest the server's. */
function failureOf(error: unknown): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  const throttled = error instanceof AwsError && /throttl|toomanyrequests|limit/i.test(error.code);
  const permanent = error instanceof AwsError && error.statusCode < 500 && !throttled;
  return new DeliveryFailure(messageOf(error), permanent || (error instanceof AwsError && error.statusCode === 501));
}
