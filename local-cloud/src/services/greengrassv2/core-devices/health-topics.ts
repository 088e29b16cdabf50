import type { MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { afterMessage, healthMessageSchema } from './health-message.ts';
import { publishStatusEvents } from './status-events.ts';

/** What core devices say of themselves (developer guide, `device-status`). The first message makes a thing a core device. */
export function healthTopics(state: GreengrassState): ReservedTopicHandler {
  const { log, store } = state.context;
  const take = async (message: MqttMessage): Promise<void> => {
    const thingName = message.topic.split('/')[2] as string;
    const read = healthMessageSchema.safeParse(parsed(message.payload));
    if (!read.success || read.data.thing !== thingName) {
      log('warn', 'a status message of a core device is not valid', {
        thingName,
        problem: read.success ? `it is of ${read.data.thing}` : (read.error.issues[0]?.message ?? ''),
      });
      return;
    }
    const before = state.coreDevices.get(thingName);
    const after = afterMessage(before, read.data, state.arn(`coreDevices:${thingName}`));
    if (after === undefined) return;
    state.coreDevices.put(thingName, after);
    await store.durable();
    publishStatusEvents(state.context, read.data, before, after);
  };
  return {
    filter: '$aws/things/+/greengrassv2/health/json',
    handle: take,
    handleService: take,
  };
}

function parsed(payload: Buffer): unknown {
  try {
    return JSON.parse(payload.toString('utf8'));
  } catch {
    return undefined;
  }
}
