import type { ReservedTopicHandler, ReservedTopics } from '../core/mqtt.ts';
import { SubscriptionTree } from './subscription-tree.ts';
import { isTopicFilter } from './topic.ts';

/**
 * Reserved topics that are requests to a service (developer guide, reserved-topics.html: client operation "Publish").
 * Published by anybody but a device they would reach no service, and look done.
 */
const REQUEST_FILTERS: readonly string[] = [
  ...['get', 'update', 'delete'].flatMap((verb) => [
    `$aws/things/+/shadow/${verb}`,
    `$aws/things/+/shadow/name/+/${verb}`,
  ]),
  '$aws/things/+/jobs/get',
  '$aws/things/+/jobs/start-next',
  '$aws/things/+/jobs/+/get',
  '$aws/things/+/jobs/+/update',
  '$aws/things/+/defender/metrics/+',
  '$aws/things/+/streams/+/describe/+',
  '$aws/things/+/streams/+/get/+',
  '$aws/certificates/create/+',
  '$aws/certificates/create-from-csr/+',
  '$aws/provisioning-templates/+/provision/+',
];

/** Handlers of publishes to `$aws/…`, by filter. The first registered of several that match answers. */
export class ReservedTopicRegistry implements ReservedTopics {
  readonly #tree = new SubscriptionTree<ReservedTopicHandler>();
  readonly #order = new Map<ReservedTopicHandler, number>();
  readonly #requests = new SubscriptionTree<string>();

  constructor() {
    for (const filter of REQUEST_FILTERS) this.#requests.add(filter, filter);
  }

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

  /** The topic is a request to a service, whether that is built or not. */
  isRequest(topic: string): boolean {
    return this.#requests.match(topic).length > 0 || this.find(topic) !== undefined;
  }

  find(topic: string): ReservedTopicHandler | undefined {
    const order = (handler: ReservedTopicHandler): number => this.#order.get(handler) ?? 0;
    return this.#tree.match(topic).sort((a, b) => order(a) - order(b))[0];
  }
}
