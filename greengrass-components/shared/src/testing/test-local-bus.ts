import type { ComponentLog, LocalBus } from '../component.ts';
import { matchesFilter } from '../topic-filter.ts';

interface Listener {
  readonly filter: string;
  readonly onMessage: (message: unknown, topic: string) => void;
  readonly log: ComponentLog;
}

export interface Published {
  readonly topic: string;
  readonly message: unknown;
}

/**
 * The nucleus' local publish/subscribe in memory; several test hosts may share one. Messages are JSON, come in order, and never
 * before `publish` has returned. For tests.
 */
export class TestLocalBus {
  /** All that was published, in order. */
  readonly published: Published[] = [];
  /** While true, publishes reject, as when the connection with the nucleus is lost. */
  down = false;
  readonly #listeners = new Set<Listener>();

  /** Filters that are subscribed. */
  get filters(): string[] {
    return [...this.#listeners].map(({ filter }) => filter);
  }

  /** What came on a topic, or on those of a filter. */
  messages(filter: string): unknown[] {
    return this.published.filter(({ topic }) => matchesFilter(filter, topic)).map(({ message }) => message);
  }

  /** As another component would. Also what is no message of ours. */
  async publish(topic: string, message: unknown): Promise<void> {
    if (this.down) throw new Error('the connection with the nucleus is lost');
    if (/[+#]/.test(topic)) throw new Error(`topic ${topic} holds a wildcard`);
    const text = JSON.stringify(message);
    this.published.push({ topic, message: JSON.parse(text) });
    for (const listener of [...this.#listeners]) {
      if (!matchesFilter(listener.filter, topic)) continue;
      queueMicrotask(() => this.#give(listener, JSON.parse(text), topic));
    }
  }

  /** The bus as a component sees it. */
  portOf(log: ComponentLog): LocalBus {
    return {
      publish: (topic, message) => this.publish(topic, message),
      subscribe: async (filter, onMessage) => {
        const listener: Listener = { filter, onMessage, log };
        this.#listeners.add(listener);
        return { end: async () => void this.#listeners.delete(listener) };
      },
    };
  }

  #give(listener: Listener, message: unknown, topic: string): void {
    if (!this.#listeners.has(listener)) return;
    try {
      listener.onMessage(message, topic);
    } catch (error) {
      listener.log.error('a message could not be handled', { topic, reason: String(error) });
    }
  }
}
