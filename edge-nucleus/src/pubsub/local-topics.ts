import type { EventSink } from '../ipc/operation.ts';

/** A message as IPC carries it: one of the two. */
export interface LocalMessage {
  readonly json?: unknown;
  /** Base64 */
  readonly binary?: string;
}

interface Subscriber {
  readonly levels: readonly string[];
  readonly sink: EventSink;
  readonly componentName: string;
  /** `RECEIVE_MESSAGES_FROM_OTHERS`: not what the component itself has published. */
  readonly othersOnly: boolean;
}

/**
 * Publish/subscribe between components (developer guide, "Publish/subscribe local messages"). Messages reach the
 * subscribers of the moment, in order; nothing is kept.
 */
export class LocalTopics {
  readonly #subscribers = new Set<Subscriber>();
  readonly #onSubscribe: (filter: string, sink: EventSink) => void;

  /** @param onSubscribe sees every subscription, for topics whose messages come from elsewhere too */
  constructor(onSubscribe: (filter: string, sink: EventSink) => void = () => {}) {
    this.#onSubscribe = onSubscribe;
  }

  /** `+` and `#` are MQTT's wildcards. Ends with the sink. */
  subscribe(filter: string, componentName: string, sink: EventSink, othersOnly: boolean): void {
    const subscriber: Subscriber = { levels: filter.split('/'), sink, componentName, othersOnly };
    this.#subscribers.add(subscriber);
    sink.onEnd(() => this.#subscribers.delete(subscriber));
    this.#onSubscribe(filter, sink);
  }

  /** @returns how many it was given to */
  publish(topic: string, { binary, json }: LocalMessage, componentName: string): number {
    const levels = topic.split('/');
    const context = { topic };
    const event =
      binary === undefined
        ? { jsonMessage: { message: json, context } }
        : { binaryMessage: { message: binary, context } };
    let given = 0;
    for (const subscriber of this.#subscribers) {
      if (subscriber.othersOnly && subscriber.componentName === componentName) continue;
      if (!matches(subscriber.levels, levels)) continue;
      subscriber.sink.send('SubscriptionResponseMessage', event);
      given++;
    }
    return given;
  }
}

/** MQTT 3.1.1 §4.7: `+` for one level, `#` for the rest and the level above. */
export function matches(filter: readonly string[], levels: readonly string[]): boolean {
  for (const [index, part] of filter.entries()) {
    if (part === '#') return true;
    if (index >= levels.length || (part !== '+' && part !== levels[index])) return false;
  }
  return filter.length === levels.length;
}

/** MQTT 3.1.1 §4.7.1: a wildcard fills its level, `#` stands last. */
export function isTopicFilter(filter: string): boolean {
  const levels = filter.split('/');
  return (
    filter !== '' &&
    levels.every((level, at) =>
      level.includes('#') ? level === '#' && at === levels.length - 1 : !level.includes('+') || level === '+',
    )
  );
}
