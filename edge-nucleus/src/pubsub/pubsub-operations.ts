import * as z from 'zod';
import { type AccessControlList, IPC_SERVICES } from '../access/access-control.ts';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';
import { isTopicFilter, type LocalTopics } from './local-topics.ts';

const publishRequest = z.object({
  topic: z.string().min(1),
  publishMessage: z.object({
    jsonMessage: z.object({ message: z.json() }).optional(),
    binaryMessage: z.object({ message: z.base64() }).optional(),
  }),
});

const subscribeRequest = z.object({
  topic: z.string().min(1),
  receiveMode: z.enum(['RECEIVE_ALL_MESSAGES', 'RECEIVE_MESSAGES_FROM_OTHERS']).default('RECEIVE_ALL_MESSAGES'),
});

/** `PublishToTopic` and `SubscribeToTopic` (developer guide, "Publish/subscribe local messages"). */
export function pubsubOperations(topics: LocalTopics, access: AccessControlList): IpcOperation[] {
  return [
    {
      name: 'PublishToTopic',
      async run(request, { componentName }) {
        const { publishMessage, topic } = readRequest(publishRequest, request);
        const { binaryMessage, jsonMessage } = publishMessage;
        if ((binaryMessage === undefined) === (jsonMessage === undefined)) {
          throw new IpcServiceError(
            'InvalidArgumentsError',
            'publishMessage holds one of jsonMessage and binaryMessage',
          );
        }
        if (/[+#]/.test(topic)) throw new IpcServiceError('InvalidArgumentsError', `topic ${topic} holds a wildcard`);
        access.demand(componentName, IPC_SERVICES.pubsub, 'PublishToTopic', topic);
        const message =
          jsonMessage === undefined ? { binary: binaryMessage?.message ?? '' } : { json: jsonMessage.message };
        topics.publish(topic, message, componentName);
        return {};
      },
    },
    {
      name: 'SubscribeToTopic',
      streaming: true,
      async run(request, { componentName }, events) {
        const { receiveMode, topic } = readRequest(subscribeRequest, request);
        if (!isTopicFilter(topic)) throw new IpcServiceError('InvalidArgumentsError', `${topic} is no topic filter`);
        access.demand(componentName, IPC_SERVICES.pubsub, 'SubscribeToTopic', topic);
        topics.subscribe(topic, componentName, events, receiveMode === 'RECEIVE_MESSAGES_FROM_OTHERS');
        return { topicName: topic };
      },
    },
  ];
}
