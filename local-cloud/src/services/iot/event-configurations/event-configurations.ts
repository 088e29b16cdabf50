import { EventType } from '@aws-sdk/client-iot';
import { messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { Collection } from '../../../core/store.ts';

export type IotEventType = (typeof EventType)[keyof typeof EventType];

export const EVENT_TYPES: readonly IotEventType[] = Object.values(EventType);

interface ConfigurationRecord {
  readonly enabled: Readonly<Partial<Record<IotEventType, boolean>>>;
  /** ms since the epoch */
  readonly creationDate: number;
  readonly lastModifiedDate: number;
}

const KEY = 'account';

/**
 * Which event messages AWS IoT publishes below `$aws/events/` (developer guide, `iot-events`): none until they are enabled.
 * Its state is the store's, so each part of AWS IoT may make one of its own.
 */
export class EventConfigurations {
  readonly #context: CloudContext;
  readonly #records: Collection<ConfigurationRecord>;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#records = context.store.collection('iot/eventConfigurations');
  }

  isEnabled(type: IotEventType): boolean {
    return this.#records.get(KEY)?.enabled[type] === true;
  }

  get(): ConfigurationRecord | undefined {
    return this.#records.get(KEY);
  }

  /** Types that are not named stay as they are. */
  update(enabled: ConfigurationRecord['enabled']): void {
    const now = this.#context.clock.now();
    const before = this.#records.get(KEY);
    this.#records.put(KEY, {
      enabled: { ...before?.enabled, ...enabled },
      creationDate: before?.creationDate ?? now,
      lastModifiedDate: now,
    });
  }

  /** Publishes where the type is enabled, once what was changed before is on disk. A failure is logged: an event has no sender. */
  publish(type: IotEventType, topic: string, payload: () => object): void {
    if (!this.isEnabled(type)) return;
    const { store, ports, clock, log } = this.#context;
    const message = {
      topic,
      payload: Buffer.from(JSON.stringify(payload())),
      qos: 1 as const,
      retain: false,
      receivedAt: clock.now(),
    };
    store
      .durable()
      .then(() => ports.get('broker').publish(message))
      .catch((error: unknown) => log('error', 'an event was not published', { topic, reason: messageOf(error) }));
  }
}
