import * as model from 'aws-iot-device-sdk-v2/dist/greengrasscoreipc/model.js';
import type { CloudBus, ComponentClock, ComponentLog, LocalBus } from '../component.ts';
import type { IpcClient } from './connect-nucleus.ts';
import { tell } from './ipc-failure.ts';
import { keepStream } from './keep-stream.ts';

interface Ports {
  readonly clock: ComponentClock;
  readonly log: ComponentLog;
}

/** `PublishToTopic` and `SubscribeToTopic`. */
export function createLocalBus(client: IpcClient, ports: Ports): LocalBus {
  return {
    async publish(topic, message) {
      await tell('PublishToTopic', client.publishToTopic({ topic, publishMessage: { jsonMessage: { message } } }));
    },
    subscribe: (filter, onMessage) =>
      keepStream(
        `SubscribeToTopic ${filter}`,
        () => client.subscribeToTopic({ topic: filter }),
        (event: model.SubscriptionResponseMessage) => {
          const topic = (event.jsonMessage ?? event.binaryMessage)?.context?.topic ?? plain(filter);
          if (topic === undefined) {
            // A nucleus before 2.6 does not tell the topic ("Publish/subscribe local messages", MessageContext).
            ports.log.warn('a message without its topic is left out', { filter });
            return;
          }
          const message = readMessage(event);
          if (message === undefined) ports.log.warn('a message that is no JSON is left out', { topic });
          else onMessage(message.value, topic);
        },
        ports,
      ),
  };
}

/** `PublishToIoTCore` and `SubscribeToIoTCore`, QoS 1. */
export function createCloudBus(client: IpcClient, ports: Ports): CloudBus {
  const qos = model.QOS.AT_LEAST_ONCE;
  return {
    async publish(topicName, payload) {
      await tell('PublishToIoTCore', client.publishToIoTCore({ topicName, qos, payload: Buffer.from(payload) }));
    },
    subscribe: (filter, onMessage) =>
      keepStream(
        `SubscribeToIoTCore ${filter}`,
        () => client.subscribeToIoTCore({ topicName: filter, qos }),
        ({ message }: model.IoTCoreMessage) => {
          if (message !== undefined) onMessage(bytesOf(message.payload ?? ''), message.topicName);
        },
        ports,
      ),
  };
}

/** The filter is the topic when it holds no wildcard. */
function plain(filter: string): string | undefined {
  return /[+#]/.test(filter) ? undefined : filter;
}

function readMessage({
  binaryMessage,
  jsonMessage,
}: model.SubscriptionResponseMessage): { value: unknown } | undefined {
  if (jsonMessage !== undefined) return { value: jsonMessage.message };
  try {
    return { value: JSON.parse(bytesOf(binaryMessage?.message ?? '').toString('utf8')) };
  } catch {
    return undefined;
  }
}

export function bytesOf(payload: NonNullable<model.MQTTMessage['payload']>): Buffer {
  if (typeof payload === 'string') return Buffer.from(payload, 'utf8');
  if (ArrayBuffer.isView(payload)) return Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  return Buffer.from(payload);
}
