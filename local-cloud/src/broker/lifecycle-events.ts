import type { Clock } from '../core/clock.ts';
import type { PresenceChange } from '../core/mqtt.ts';
import { BrokerMessage } from './message.ts';
import type { DisconnectReason } from './reason-codes.ts';

/** A connection, as lifecycle events name it. */
export interface LifecycleSubject {
  readonly clientId: string;
  readonly principalIdentifier: string;
  readonly sessionIdentifier: string;
}

/**
 * Events that AWS IoT publishes about its clients (developer guide, life-cycle-events.html). Client ids with `#` or `+`
 * have none.
 */
export class LifecycleEvents {
  readonly #clock: Clock;
  readonly #publish: (message: BrokerMessage) => void;
  readonly #presence: (change: PresenceChange) => void;

  constructor(
    clock: Clock,
    publish: (message: BrokerMessage) => void,
    presence: (change: PresenceChange) => void = () => {},
  ) {
    this.#clock = clock;
    this.#publish = publish;
    this.#presence = presence;
  }

  connected(subject: LifecycleSubject, ipAddress: string, versionNumber: number): void {
    this.#presence({ clientId: subject.clientId, connected: true, at: this.#clock.now(), version: versionNumber });
    this.#send('presence/connected', subject.clientId, (timestamp) => ({
      clientId: subject.clientId,
      timestamp,
      eventType: 'connected',
      sessionIdentifier: subject.sessionIdentifier,
      principalIdentifier: subject.principalIdentifier,
      ipAddress,
      versionNumber,
    }));
  }

  disconnected(
    subject: LifecycleSubject,
    disconnectReason: DisconnectReason,
    clientInitiatedDisconnect: boolean,
    versionNumber: number,
  ): void {
    const { clientId } = subject;
    this.#presence({
      clientId,
      connected: false,
      at: this.#clock.now(),
      reason: disconnectReason,
      version: versionNumber,
    });
    this.#send('presence/disconnected', subject.clientId, (timestamp) => ({
      clientId: subject.clientId,
      timestamp,
      eventType: 'disconnected',
      sessionIdentifier: subject.sessionIdentifier,
      principalIdentifier: subject.principalIdentifier,
      clientInitiatedDisconnect,
      disconnectReason,
      versionNumber,
    }));
  }

  /** Not authorized to connect, or to publish to the topic of its last will. */
  connectFailed(subject: LifecycleSubject, ipAddress: string): void {
    this.#send('presence/connect_failed', subject.clientId, (timestamp) => ({
      clientId: subject.clientId,
      timestamp,
      eventType: 'connect_failed',
      connectFailureReason: 'AUTHORIZATION_FAILED',
      principalIdentifier: subject.principalIdentifier,
      sessionIdentifier: subject.sessionIdentifier,
      ipAddress,
    }));
  }

  subscriptions(eventType: 'subscribed' | 'unsubscribed', subject: LifecycleSubject, topics: readonly string[]): void {
    if (topics.length === 0) return;
    this.#send(`subscriptions/${eventType}`, subject.clientId, (timestamp) => ({
      clientId: subject.clientId,
      timestamp,
      eventType,
      sessionIdentifier: subject.sessionIdentifier,
      principalIdentifier: subject.principalIdentifier,
      topics,
    }));
  }

  #send(kind: string, clientId: string, event: (timestamp: number) => object): void {
    if (clientId.includes('#') || clientId.includes('+')) return;
    const topic = `$aws/events/${kind}/${clientId}`;
    const receivedAt = this.#clock.now();
    this.#publish(
      new BrokerMessage({
        topic,
        topicBytes: Buffer.from(topic, 'utf8'),
        payload: Buffer.from(JSON.stringify(event(receivedAt))),
        qos: 1,
        retain: false,
        receivedAt,
      }),
    );
  }
}
