import type { ReservedTopicHandler, ReservedTopics } from '../core/mqtt.ts';
import { SubscriptionTree } from './subscription-tree.ts';
import { isTopicFilter } from './topic.ts';

/** Handlers of publishes to `$aws/…`, by filter. The first registered of several that match answers. */
export class ReservedTopicRegistry implements ReservedTopics {
  readonly #tree = new SubscriptionTree<ReservedTopicHandler>();
  readonly #order = new Map<ReservedTopicHandler, number>();

  /** Grows with every registration. */
  get generation(): number {
    return this.#tree.generation;
  }

  register(handler: ReservedTopicHandler): void {
    if (!handler.filter.startsWith('$aws/') || !isTopicFilter(handler.filter)) {
      throw new TypeError(`a reserved topic handler needs a filter below $aws/, not '${handler.filter}'`);
    }
    this.#order.set(handler, this.#order.size);
    this.#tree.add(handler.filter, handler);
  }

  find(topic: string): ReservedTopicHandler | undefined {
    const order = (handler: ReservedTopicHandler): number => this.#order.get(handler) ?? 0;
    return this.#tree.match(topic).sort((a, b) => order(a) - order(b))[0];
  }
}
