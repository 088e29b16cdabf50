import type { Clock, Timer } from '../core/clock.ts';
import type { DeviceConnection, PublisherIdentity } from '../core/mqtt.ts';
import { BrokerMessage, boundExpiry } from './message.ts';
import type { Session } from './session.ts';
import type { WillPacket } from './wire/connect-packet.ts';

/** A last will as it is kept: survives JSON. */
export interface WillRecord {
  readonly topic: string;
  readonly payloadBase64: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly delaySeconds: number;
  readonly expirySeconds?: number;
  readonly forwardedBase64?: string;
  readonly publisher: PublisherIdentity;
}

export function willRecord(will: WillPacket & { readonly qos: 0 | 1 }, publisher: PublisherIdentity): WillRecord {
  const { messageExpiryInterval, willDelayInterval, forwarded } = will.properties;
  const expirySeconds = boundExpiry(messageExpiryInterval);
  return {
    topic: will.topic,
    payloadBase64: will.payload.toString('base64'),
    qos: will.qos,
    retain: will.retain,
    delaySeconds: willDelayInterval,
    ...(expirySeconds === undefined ? {} : { expirySeconds }),
    ...(forwarded === undefined ? {} : { forwardedBase64: forwarded.toString('base64') }),
    publisher,
  };
}

/** The will as a message published now: its expiry runs from here (mqtt.html, "Message expiry", "Last Will"). */
export function willMessage(will: WillRecord, now: number): BrokerMessage {
  return new BrokerMessage({
    topic: will.topic,
    topicBytes: Buffer.from(will.topic, 'utf8'),
    payload: Buffer.from(will.payloadBase64, 'base64'),
    qos: will.qos,
    retain: will.retain,
    receivedAt: now,
    expirySeconds: will.expirySeconds,
    forwarded: will.forwardedBase64 === undefined ? undefined : Buffer.from(will.forwardedBase64, 'base64'),
    publisher: will.publisher,
  });
}

/** `connection` is undefined for a will that an earlier run of the broker left: it was authorized at the connect. */
export type PublishWill = (will: WillRecord, connection: DeviceConnection | undefined, session: Session) => void;

interface DelayedWill {
  readonly will: WillRecord;
  readonly connection: DeviceConnection | undefined;
  readonly timer: Timer;
}

/**
 * Wills of lost connections (MQTT 5 §3.1.2.5, §3.1.3.2.2): published at once, or after the will delay or at the end of
 * the session, whichever is first [MQTT-3.1.2-8]; not at all if the session goes on before that [MQTT-3.1.3-9].
 */
export class WillScheduler {
  readonly #clock: Clock;
  readonly #publish: PublishWill;
  readonly #delayed = new Map<Session, DelayedWill>();

  constructor(clock: Clock, publish: PublishWill) {
    this.#clock = clock;
    this.#publish = publish;
  }

  /** `waitedMs` of the delay have passed already. */
  connectionLost(session: Session, will: WillRecord, connection: DeviceConnection | undefined, waitedMs = 0): void {
    const wait = will.delaySeconds * 1000 - waitedMs;
    if (wait <= 0 || !session.persistent) {
      this.#publish(will, connection, session);
      return;
    }
    // A delay beyond the session's expiry is cut by the session's end.
    const timer = this.#clock.after(Math.min(wait, session.expirySeconds * 1000), () => this.sessionEnded(session));
    this.#delayed.set(session, { will, connection, timer });
  }

  sessionResumed(session: Session): void {
    this.#delayed.get(session)?.timer.cancel();
    this.#delayed.delete(session);
  }

  /** Also when the delay is over. */
  sessionEnded(session: Session): void {
    const delayed = this.#delayed.get(session);
    if (delayed === undefined) return;
    delayed.timer.cancel();
    this.#delayed.delete(session);
    this.#publish(delayed.will, delayed.connection, session);
  }

  stop(): void {
    for (const { timer } of this.#delayed.values()) timer.cancel();
    this.#delayed.clear();
  }
}
