import type {
  GetRetainedMessageRequest,
  GetRetainedMessageResponse,
  ListRetainedMessagesRequest,
  ListRetainedMessagesResponse,
} from '@aws-sdk/client-iot-data-plane';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import type { RetainedMessage } from '../../../core/retained-messages.ts';
import { DEFAULT_RETAINED_PAGE, MAX_RETAINED_PAGE } from '../limits.ts';
import { type DataPlaneService, resourceNotFound, topicArn } from './data-plane-service.ts';
import { userPropertiesJson } from './message-properties.ts';
import { pageOf } from './page-of.ts';

/** Retained messages over HTTP (developer guide, `mqtt`, "Common tasks with MQTT retained messages"). */
export function retainedMessageOperations(service: DataPlaneService): readonly Operation[] {
  return [getRetainedMessage(service), listRetainedMessages(service)];
}

function getRetainedMessage({
  context,
}: DataPlaneService): Operation<GetRetainedMessageRequest, GetRetainedMessageResponse> {
  return {
    name: 'GetRetainedMessage',
    authorize: ({ topic }) => [{ action: 'iot:GetRetainedMessage', resource: topicArn(context.account, topic) }],
    handle({ topic }) {
      new ConstraintViolations().required('topic', topic).throwIfAny('InvalidRequestException');
      const message = context.ports.get('retainedMessages').get(topic as string);
      if (message === undefined) throw resourceNotFound(`No retained message exists for topic: ${topic}`);
      const { userProperties } = message;
      return {
        topic: message.topic,
        payload: message.payload,
        qos: message.qos,
        lastModifiedTime: message.storedAt,
        ...(userProperties === undefined ? {} : { userProperties: Buffer.from(userPropertiesJson(userProperties)) }),
      };
    },
  };
}

function listRetainedMessages({
  context,
}: DataPlaneService): Operation<ListRetainedMessagesRequest, ListRetainedMessagesResponse> {
  return {
    name: 'ListRetainedMessages',
    // "The resource ARN specified for this action must be `*`" (`iot-policy-actions`).
    authorize: () => [{ action: 'iot:ListRetainedMessages', resource: '*' }],
    handle({ maxResults = DEFAULT_RETAINED_PAGE, nextToken }) {
      new ConstraintViolations()
        .range('maxResults', maxResults, 1, MAX_RETAINED_PAGE)
        .throwIfAny('InvalidRequestException');
      const messages = [...context.ports.get('retainedMessages').all()].sort((a, b) => (a.topic < b.topic ? -1 : 1));
      const page = pageOf<RetainedMessage>(messages, ({ topic }) => topic, maxResults, nextToken);
      return {
        retainedTopics: page.items.map(({ topic, payload, qos, storedAt }) => ({
          topic,
          payloadSize: payload.length,
          qos,
          lastModifiedTime: storedAt,
        })),
        ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
      };
    },
  };
}
