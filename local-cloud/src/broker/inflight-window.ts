import type { Delivery } from './delivery.ts';

const LAST_PACKET_ID = 0xffff;

/** QoS 1 messages sent to a client and not acknowledged, by packet identifier (MQTT 5 §2.2.1, §4.9). */
export class InflightWindow {
  readonly #byPacketId = new Map<number, Delivery>();
  #last = 0;

  get size(): number {
    return this.#byPacketId.size;
  }

  /**
   * Gives the delivery an identifier that is not in use [MQTT-2.2.1-4]. Windows are far smaller than the range of
   * identifiers, so that a free one is always found.
   */
  add(delivery: Delivery, now: number): void {
    do this.#last = this.#last === LAST_PACKET_ID ? 1 : this.#last + 1;
    while (this.#byPacketId.has(this.#last));
    delivery.packetId = this.#last;
    delivery.sentAt = now;
    if (delivery.firstSentAt === 0) delivery.firstSentAt = now;
    this.#byPacketId.set(this.#last, delivery);
  }

  /** Takes the delivery out; undefined for an identifier that is not in use. */
  remove(packetId: number): Delivery | undefined {
    const delivery = this.#byPacketId.get(packetId);
    this.#byPacketId.delete(packetId);
    return delivery;
  }

  /** Deliveries not sent again since `before`, ms since the epoch. */
  sentBefore(before: number): Delivery[] {
    return [...this.#byPacketId.values()].filter((delivery) => delivery.sentAt <= before);
  }

  /** Empties the window; the deliveries count as never sent. */
  drain(): Delivery[] {
    const deliveries = [...this.#byPacketId.values()];
    this.#byPacketId.clear();
    for (const delivery of deliveries) {
      delivery.packetId = 0;
      delivery.sentAt = 0;
      delivery.firstSentAt = 0;
    }
    return deliveries;
  }
}
