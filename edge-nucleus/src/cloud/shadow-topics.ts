import type { EventSink } from '../ipc/operation.ts';
import type { NucleusLog } from '../log.ts';
import type { CoreConnection } from './core-connection.ts';

/**
 * Components hear of changes of the core's shadows by local subscriptions to their MQTT topics (developer guide, "React to shadow
 * state changes"), as binary messages. Here the shadows are in the cloud, and so are these messages.
 * @returns for {@link LocalTopics}
 */
export function shadowTopics(connection: CoreConnection, thingName: string, log: NucleusLog) {
  const prefix = `$aws/things/${thingName}/shadow/`;
  return (filter: string, sink: EventSink): void => {
    if (!filter.startsWith(prefix)) return;
    connection
      .subscribe(filter, (topic, payload) => {
        const message = Buffer.from(payload).toString('base64');
        sink.send('SubscriptionResponseMessage', { binaryMessage: { message, context: { topic } } });
      })
      .then(
        (subscription) => sink.onEnd(() => void subscription.end()),
        (error) => log('error', 'a shadow cannot be listened to', { filter, reason: String(error) }),
      );
  };
}
