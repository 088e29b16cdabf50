import type { CoreConnection } from '../cloud/core-connection.ts';
import { matches } from '../pubsub/local-topics.ts';

/** The cloud as a loop in memory, which can be cut off. For tests. */
export class MemoryConnection implements CoreConnection {
  connected = true;
  /** Makes publishes fail as the cloud would. */
  refusal: Error | undefined;
  readonly published: { readonly topic: string; readonly payload: string; readonly qos: 0 | 1 }[] = [];
  readonly #listeners = new Set<{ filter: string; onMessage: (topic: string, payload: Uint8Array) => void }>();
  readonly #tasks = new Set<() => void>();
  /** Answers a publish, as a service of the cloud. */
  onPublish: (topic: string, payload: string) => void = () => {};

  get filters(): string[] {
    return [...this.#listeners].map(({ filter }) => filter);
  }

  async publish(topic: string, payload: Uint8Array, qos: 0 | 1): Promise<void> {
    if (!this.connected) throw new Error('no connection');
    if (this.refusal !== undefined) throw this.refusal;
    const text = Buffer.from(payload).toString('utf8');
    this.published.push({ topic, payload: text, qos });
    this.onPublish(topic, text);
    this.deliver(topic, text);
  }

  async subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void) {
    if (filter.startsWith('forbidden')) throw new Error('subscription refused');
    const listener = { filter, onMessage };
    this.#listeners.add(listener);
    return { end: async () => void this.#listeners.delete(listener) };
  }

  onConnected(task: () => void): () => void {
    this.#tasks.add(task);
    if (this.connected) task();
    return () => void this.#tasks.delete(task);
  }

  connect(): void {
    this.connected = true;
    for (const task of this.#tasks) task();
  }

  deliver(topic: string, payload: string): void {
    for (const { filter, onMessage } of this.#listeners) {
      if (matches(filter.split('/'), topic.split('/'))) onMessage(topic, Buffer.from(payload));
    }
  }
}
