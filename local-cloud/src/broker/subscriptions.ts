import type { QueueSetting } from './outbound-queue.ts';
import type { Random } from './random.ts';
import { type RouteTarget, type Session, Subscription, type SubscriptionOptions } from './session.ts';
import { groupKey, SharedGroup } from './shared-group.ts';
import { SubscriptionTree } from './subscription-tree.ts';
import { parseSharedFilter } from './topic.ts';

/** Who subscribes to what: the tree of filters, and the shared groups in it. */
export class Subscriptions {
  readonly #tree = new SubscriptionTree<RouteTarget>();
  readonly #groups = new Map<string, { group: SharedGroup; filter: string }>();
  /** The subscription object of each session's filter, as the tree holds it. */
  readonly #held = new Map<Session, Map<string, Subscription>>();
  readonly #setting: QueueSetting;
  readonly #random: Random;

  constructor(setting: QueueSetting, random: Random) {
    this.#setting = setting;
    this.#random = random;
  }

  /** Grows with every change, so that {@link targets} can be kept until then. */
  get generation(): number {
    return this.#tree.generation;
  }

  /** Adds a subscription or replaces the one with the same filter [MQTT-3.8.4-3]. The filter is well-formed. */
  add(session: Session, filter: string, options: SubscriptionOptions): void {
    const shared = parseSharedFilter(filter);
    session.subscriptions.set(filter, options);
    if (shared !== undefined && shared !== 'malformed') {
      this.#groupOf(filter, shared.filter).join(session, options);
      return;
    }
    const held = this.#held.get(session) ?? new Map<string, Subscription>();
    this.#held.set(session, held);
    const earlier = held.get(filter);
    if (earlier !== undefined) this.#tree.remove(filter, earlier);
    const subscription = new Subscription(session, options);
    held.set(filter, subscription);
    this.#tree.add(filter, subscription);
  }

  /** False when there was no such subscription. */
  remove(session: Session, filter: string): boolean {
    if (!session.subscriptions.delete(filter)) return false;
    const group = this.#groups.get(filter);
    if (group !== undefined) {
      group.group.leave(session);
      if (group.group.empty) {
        this.#tree.remove(group.filter, group.group);
        this.#groups.delete(filter);
      }
      return true;
    }
    const held = this.#held.get(session);
    const subscription = held?.get(filter);
    if (held === undefined || subscription === undefined) return true;
    held.delete(filter);
    if (held.size === 0) this.#held.delete(session);
    this.#tree.remove(filter, subscription);
    return true;
  }

  removeAll(session: Session): void {
    for (const filter of [...session.subscriptions.keys()]) this.remove(session, filter);
  }

  /** The session is online: groups that wait for a member may go on. */
  resumeGroups(session: Session): void {
    for (const filter of session.subscriptions.keys()) this.#groups.get(filter)?.group.resume();
  }

  /** Group whose records the owner name of the message log means. */
  groupByOwner(owner: string): SharedGroup | undefined {
    return this.#groups.get(groupKey(owner) ?? '')?.group;
  }

  /** Everybody that a topic is for; a session with overlapping filters once, with the highest QoS. */
  targets(topic: string): RouteTarget[] {
    const found = this.#tree.match(topic);
    if (found.length < 2) return found;
    const bySession = new Map<Session, SubscriptionOptions>();
    const targets: RouteTarget[] = [];
    for (const target of found) {
      if (target.session === undefined) targets.push(target);
      else bySession.set(target.session, widest(bySession.get(target.session), target.options));
    }
    for (const [session, options] of bySession) targets.push(new Subscription(session, options));
    return targets;
  }

  #groupOf(key: string, filter: string): SharedGroup {
    const known = this.#groups.get(key);
    if (known !== undefined) return known.group;
    const group = new SharedGroup(key, this.#setting, this.#random);
    this.#groups.set(key, { group, filter });
    this.#tree.add(filter, group);
    return group;
  }
}

function widest(first: SubscriptionOptions | undefined, second: SubscriptionOptions): SubscriptionOptions {
  if (first === undefined) return second;
  return {
    qos: first.qos === 1 ? 1 : second.qos,
    noLocal: first.noLocal && second.noLocal,
    retainAsPublished: first.retainAsPublished || second.retainAsPublished,
  };
}
