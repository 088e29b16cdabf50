import type { BrokerMessage } from './message.ts';

/** Where a delivery goes back to when its subscriber is lost: the shared subscription group it came from. */
export interface DeliveryHome {
  takeBack(delivery: Delivery): void;
}

/** One message on its way to one subscriber. */
export class Delivery {
  /** Undefined while only the log has it. */
  message: BrokerMessage | undefined;
  readonly qos: 0 | 1;
  /** The RETAIN flag that the subscriber sees. */
  readonly retain: boolean;
  /** 0 until sent with QoS 1. */
  packetId = 0;
  /** Position in the message log; 0 when it is in memory only. */
  logId = 0;
  /** The log's copy is on disk and can be read. */
  committed = false;
  /** Not wanted in memory as soon as it is committed. */
  parked = false;
  /** ms since the epoch; 0 until sent. */
  sentAt = 0;
  firstSentAt = 0;
  readonly size: number;
  readonly expiresAt: number;
  home: DeliveryHome | undefined;
  /** Called at the subscriber's PUBACK. */
  acknowledged: (() => void) | undefined;

  constructor(message: BrokerMessage, qos: 0 | 1, retain: boolean, home?: DeliveryHome) {
    this.message = message;
    this.qos = qos;
    this.retain = retain;
    this.size = message.size;
    this.expiresAt = message.expiresAt;
    this.home = home;
  }

  /** Leaves memory to the log's copy, now or as soon as that can be read. */
  park(): void {
    this.parked = true;
    if (this.committed) this.message = undefined;
  }
}
