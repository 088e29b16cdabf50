import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import { DeviceError, reasonOf } from '../errors.ts';
import type { Subscription } from '../feature.ts';
import { qosOf } from './client-config.ts';
import { matchesFilter } from './topic-filter.ts';

type MessageTask = (topic: string, payload: Uint8Array) => void;

/** AWS IoT Core quotas, "Subscriptions per subscribe request". */
const FILTERS_PER_REQUEST = 8;
/** MQTT 5 §3.9.3: reason codes from here on are refusals. */
const FIRST_REFUSAL = 0x80;

/**
 * What is subscribed on one client, and who listens.
 *
 * INVARIANT: a filter that has listeners is asked for again after every connection, whatever became of it before.
 */
export class Subscriptions {
  readonly #client: Pick<mqtt5.Mqtt5Client, 'subscribe' | 'unsubscribe'>;
  readonly #isConnected: () => boolean;
  readonly #onProblem: (problem: string) => void;
  readonly #listeners = new Map<string, Set<MessageTask>>();

  constructor(
    client: Pick<mqtt5.Mqtt5Client, 'subscribe' | 'unsubscribe'>,
    isConnected: () => boolean,
    onProblem: (problem: string) => void,
  ) {
    this.#client = client;
    this.#isConnected = isConnected;
    this.#onProblem = onProblem;
  }

  /** Resolves when the broker knows it; without a connection at once, and the broker is told at the next one. */
  async add(filter: string, task: MessageTask): Promise<Subscription> {
    const known = this.#listeners.get(filter);
    const tasks = known ?? new Set();
    // Two subscriptions with one task end apart.
    const own: MessageTask = (topic, payload) => task(topic, payload);
    tasks.add(own);
    this.#listeners.set(filter, tasks);
    if (known === undefined && this.#isConnected()) {
      try {
        await this.#ask([filter]);
      } catch (error) {
        // Lost meanwhile: the next connection asks again. A refusal is final.
        if (this.#isConnected()) {
          this.#forget(filter, own);
          throw error;
        }
      }
    }
    return { end: () => this.#end(filter, own) };
  }

  /** After a connection. Never fails: what is refused is reported. */
  async renew(): Promise<void> {
    const filters = [...this.#listeners.keys()];
    const requests: Promise<void>[] = [];
    for (let at = 0; at < filters.length; at += FILTERS_PER_REQUEST) {
      requests.push(
        this.#ask(filters.slice(at, at + FILTERS_PER_REQUEST)).catch((error) => this.#onProblem(reasonOf(error))),
      );
    }
    await Promise.all(requests);
  }

  deliver(topic: string, payload: Uint8Array): void {
    for (const [filter, tasks] of this.#listeners) {
      if (!matchesFilter(filter, topic)) continue;
      for (const task of tasks) {
        try {
          task(topic, payload);
        } catch (error) {
          this.#onProblem(`a listener of ${filter} failed: ${reasonOf(error)}`);
        }
      }
    }
  }

  async #ask(filters: readonly string[]): Promise<void> {
    const suback = await this.#client.subscribe({
      subscriptions: filters.map((topicFilter) => ({ topicFilter, qos: qosOf(1) })),
    });
    const refused = filters.filter((_, index) => Number(suback.reasonCodes[index]) >= FIRST_REFUSAL);
    if (refused.length > 0) {
      const codes = suback.reasonCodes.map((code) => `0x${Number(code).toString(16)}`).join(', ');
      throw new DeviceError('SUBSCRIBE_REFUSED', `subscription to ${refused.join(', ')} refused (${codes})`);
    }
  }

  async #end(filter: string, task: MessageTask): Promise<void> {
    if (!this.#forget(filter, task) || this.#listeners.has(filter) || !this.#isConnected()) return;
    try {
      await this.#client.unsubscribe({ topicFilters: [filter] });
    } catch {
      // The connection is gone, and its subscriptions with it.
    }
  }

  #forget(filter: string, task: MessageTask): boolean {
    const tasks = this.#listeners.get(filter);
    const known = tasks?.delete(task) ?? false;
    if (tasks?.size === 0) this.#listeners.delete(filter);
    return known;
  }
}
