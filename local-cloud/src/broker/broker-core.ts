import type { DeviceActivity, DeviceDirectory, PresenceChange, RuleIngress } from '../core/mqtt.ts';
import type { CloudContext } from '../core/plugin.ts';
import { CommitGroup } from './commit-group.ts';
import { IngressGauge } from './ingress-gauge.ts';
import { LifecycleEvents } from './lifecycle-events.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerMessage } from './message.ts';
import { MessageLog } from './message-log.ts';
import type { Stored } from './outbound-queue.ts';
import { OutputFlusher } from './output.ts';
import { PresenceVersions } from './presence-versions.ts';
import { Random } from './random.ts';
import type { ReservedTopicRegistry } from './reserved-topics.ts';
import { RetainedMessages } from './retained-messages.ts';
import type { Session } from './session.ts';
import { SessionRegistry } from './session-registry.ts';
import { Subscriptions } from './subscriptions.ts';
import { type TopicInfo, TopicTable } from './topic-table.ts';
import { type WillRecord, WillScheduler, willMessage } from './will.ts';

/** What all connections share. */
export class BrokerCore {
  readonly context: CloudContext;
  readonly limits: BrokerLimits;
  readonly reserved: ReservedTopicRegistry;
  readonly commits: CommitGroup;
  readonly messageLog: MessageLog;
  readonly subscriptions: Subscriptions;
  readonly sessions: SessionRegistry;
  readonly retained: RetainedMessages;
  readonly topics: TopicTable;
  readonly wills: WillScheduler;
  readonly lifecycle: LifecycleEvents;
  readonly versions: PresenceVersions;
  readonly flusher = new OutputFlusher();
  readonly gauge: IngressGauge;
  /** Undefined where nobody watches devices. */
  readonly activity: DeviceActivity | undefined;
  readonly #detached = new Set<Promise<void>>();
  readonly #devices: DeviceDirectory;
  readonly #rules: RuleIngress;

  constructor(
    context: CloudContext,
    limits: BrokerLimits,
    reserved: ReservedTopicRegistry,
    presence?: (change: PresenceChange) => void,
  ) {
    const { clock, entropy, ports, store } = context;
    this.context = context;
    this.limits = limits;
    this.reserved = reserved;
    this.#devices = ports.get('devices');
    this.#rules = ports.get('rules');
    this.commits = new CommitGroup(store);
    this.messageLog = new MessageLog(store, this.commits);
    const setting = { clock, limits, log: this.messageLog };
    this.subscriptions = new Subscriptions(setting, new Random(entropy));
    this.sessions = new SessionRegistry(store, entropy, setting, this.subscriptions);
    this.retained = new RetainedMessages(store, clock);
    this.topics = new TopicTable(limits, this.subscriptions, reserved);
    this.wills = new WillScheduler(clock, (will, connection, session) => {
      this.#publishWill(will, connection === undefined || this.mayPublishWill(connection, will), session);
    });
    this.sessions.onEnd((session) => this.wills.sessionEnded(session));
    this.versions = new PresenceVersions(store, clock);
    this.lifecycle = new LifecycleEvents(clock, (message) => this.publishDetached(message), presence);
    this.gauge = new IngressGauge(limits.ingressBytes);
    this.activity = ports.find('deviceActivity');
  }

  get devices(): DeviceDirectory {
    return this.#devices;
  }

  get rules(): RuleIngress {
    return this.#rules;
  }

  /** Retains the message if asked and gives it to its subscribers, but not to the rules. */
  deliver(message: BrokerMessage, info: TopicInfo): Stored {
    let stored = false;
    if (message.retain) {
      this.retained.put(message);
      stored = true;
    }
    const targets = this.topics.targets(info);
    for (let index = 0; index < targets.length; index++) {
      if (targets[index]?.offer(message, message.publisher?.clientId)) stored = true;
    }
    return stored;
  }

  /** Delivers, retains and routes a message; resolves when all of it is on disk. */
  async publish(message: BrokerMessage, info = this.topics.fromName(message.topic)): Promise<void> {
    const stored = info.kind !== 'basic-ingest' && this.deliver(message, info);
    await Promise.all([this.#rules.accept(message), stored ? this.commits.request() : undefined]);
  }

  /** For messages that nobody waits for. */
  publishDetached(message: BrokerMessage): void {
    const publish = this.publish(message, this.topics.once(message.topic, message.topicBytes)).catch(
      (error: unknown) => {
        this.failed('a message of the broker was not taken', error);
      },
    );
    this.#detached.add(publish);
    void publish.then(() => this.#detached.delete(publish));
  }

  /** Resolves when everything published so far is on disk. */
  async settled(): Promise<void> {
    await Promise.all([...this.#detached, this.commits.request()]);
  }

  mayPublishWill(connection: Parameters<DeviceDirectory['isAllowed']>[0], will: WillRecord): boolean {
    if (!this.#devices.isAllowed(connection, 'iot:Publish', will.topic)) return false;
    return !will.retain || this.#devices.isAllowed(connection, 'iot:RetainPublish', will.topic);
  }

  failed(message: string, error: unknown): void {
    this.context.log('error', message, { error: error instanceof Error ? error.message : String(error) });
  }

  #publishWill(will: WillRecord, allowed: boolean, session: Session): void {
    const now = this.context.clock.now();
    this.sessions.forgetWill(session, now);
    if (!allowed) {
      this.context.log('warn', 'a last will is no longer authorized', { clientId: session.clientId });
      return;
    }
    this.publishDetached(willMessage(will, now));
  }
}
