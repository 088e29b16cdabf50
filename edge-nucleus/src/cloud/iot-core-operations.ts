import * as z from 'zod';
import { type AccessControlList, IPC_SERVICES } from '../access/access-control.ts';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';
import { isTopicFilter } from '../pubsub/local-topics.ts';
import type { CoreConnection } from './core-connection.ts';
import { type Spool, SpoolError } from './spool.ts';

/** bytes (AWS IoT Core quotas, "Publish requests": payload; the nucleus' `mqtt.maxMessageSizeInBytes`) */
const MAX_PAYLOAD_BYTES = 131_072;
/** bytes of UTF-8 (AWS IoT Core quotas, "Topic size") */
const MAX_TOPIC_BYTES = 256;

const qos = z.enum(['0', '1']).transform((value) => (value === '1' ? 1 : 0));
const publishRequest = z.object({ topicName: z.string().min(1), qos, payload: z.base64().default('') });
const subscribeRequest = z.object({ topicName: z.string().min(1), qos });

/** Members that MQTT 5 has and the core's connection does not carry. */
const UNSUPPORTED = [
  'retain',
  'userProperties',
  'messageExpiryIntervalSeconds',
  'correlationData',
  'responseTopic',
  'payloadFormat',
  'contentType',
] as const;

/** Developer guide, "Publish/subscribe AWS IoT Core MQTT messages". */
export function iotCoreOperations(connection: CoreConnection, spool: Spool, access: AccessControlList): IpcOperation[] {
  return [
    {
      name: 'PublishToIoTCore',
      async run(request, { componentName }) {
        const { payload, qos, topicName } = readRequest(publishRequest, request);
        const unsupported = UNSUPPORTED.filter((member) => request[member] !== undefined && request[member] !== false);
        if (unsupported.length > 0) throw invalid(`${unsupported.join(', ')}: not supported`);
        if (/[+#\0]/.test(topicName)) throw invalid(`topic ${topicName} holds a wildcard`);
        checkTopic(topicName);
        access.demand(componentName, IPC_SERVICES.mqttproxy, 'PublishToIoTCore', topicName);
        const bytes = Buffer.from(payload, 'base64');
        if (bytes.length > MAX_PAYLOAD_BYTES)
          throw invalid(`a payload of ${bytes.length} bytes; ${MAX_PAYLOAD_BYTES} at most`);
        try {
          spool.add(topicName, bytes, qos);
        } catch (error) {
          if (!(error instanceof SpoolError)) throw error;
          throw new IpcServiceError('ServiceError', `Publish to topic ${topicName} failed: ${error.message}`);
        }
        return {};
      },
    },
    {
      name: 'SubscribeToIoTCore',
      streaming: true,
      async run(request, { componentName }, events) {
        const { topicName } = readRequest(subscribeRequest, request);
        if (!isTopicFilter(topicName)) throw invalid(`${topicName} is no topic filter`);
        checkTopic(topicName);
        access.demand(componentName, IPC_SERVICES.mqttproxy, 'SubscribeToIoTCore', topicName);
        let subscription: Awaited<ReturnType<CoreConnection['subscribe']>>;
        try {
          subscription = await connection.subscribe(topicName, (topic, payload) => {
            const message = { topicName: topic, payload: Buffer.from(payload).toString('base64') };
            events.send('IoTCoreMessage', { message });
          });
        } catch (error) {
          const reason = error instanceof Error ? error.message : String(error);
          throw new IpcServiceError('ServiceError', `Subscribe to topic ${topicName} failed: ${reason}`);
        }
        events.onEnd(() => void subscription.end());
        return {};
      },
    },
  ];
}

function checkTopic(topic: string): void {
  if (Buffer.byteLength(topic) > MAX_TOPIC_BYTES) throw invalid(`a topic has ${MAX_TOPIC_BYTES} bytes at most`);
}

function invalid(message: string): IpcServiceError {
  return new IpcServiceError('InvalidArgumentsError', message);
}
