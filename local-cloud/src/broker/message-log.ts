import type { DurableLog, Store } from '../core/store.ts';
import type { CommitGroup } from './commit-group.ts';
import { Delivery } from './delivery.ts';
import { BrokerMessage } from './message.ts';

const FORMAT = 1;
const FLAG_QOS1 = 0x01;
const FLAG_RETAIN = 0x02;
/** format, flags, receivedAt, expirySeconds, lengths of owner, topic and properties */
const HEADER_BYTES = 1 + 1 + 8 + 4 + 2 + 2 + 4;
const NO_EXPIRY = 0xffff_ffff;

export interface StoredDelivery {
  /** Queue that the delivery belongs to. */
  readonly owner: string;
  readonly delivery: Delivery;
}

/**
 * QoS 1 messages that must outlive the process: those of persistent sessions until acknowledged, those waiting in
 * shared subscription groups. One record per queue and message.
 */
export class MessageLog {
  readonly #log: DurableLog;
  readonly #commits: CommitGroup;
  /** Appended under `#commit`, whose end makes the store's copies readable. */
  #fresh: Delivery[] = [];
  #commit: Promise<void> | undefined;

  constructor(store: Store, commits: CommitGroup) {
    this.#log = store.log('broker/messages');
    this.#commits = commits;
  }

  append(owner: string, delivery: Delivery): void {
    const { message } = delivery;
    if (message === undefined) throw new Error('a delivery is stored while its message is at hand');
    delivery.logId = this.#log.append(encodeRecord(owner, delivery, message));
    this.#settleAfterCommit(delivery);
  }

  /** The message of a delivery, from memory or disk; undefined when the record is gone. */
  read(delivery: Delivery): BrokerMessage | undefined {
    if (delivery.message !== undefined) return delivery.message;
    const record = this.#log.get(delivery.logId);
    return record === undefined ? undefined : decodeRecord(record).delivery.message;
  }

  remove(delivery: Delivery): void {
    if (delivery.logId === 0) return;
    this.#log.remove(delivery.logId);
    delivery.logId = 0;
  }

  /** What an earlier run left, oldest first, parked. Records that `keep` refuses are removed. */
  restore(keep: (stored: StoredDelivery) => boolean): void {
    for (const [id, record] of this.#log.entries()) {
      const stored = decodeRecord(record);
      stored.delivery.logId = id;
      stored.delivery.committed = true;
      stored.delivery.park();
      if (!keep(stored)) this.remove(stored.delivery);
    }
  }

  #settleAfterCommit(delivery: Delivery): void {
    const commit = this.#commits.request();
    if (commit !== this.#commit) {
      const fresh: Delivery[] = [];
      this.#commit = commit;
      this.#fresh = fresh;
      commit.then(
        () => fresh.forEach(settle),
        () => {},
      );
    }
    this.#fresh.push(delivery);
  }
}

function settle(delivery: Delivery): void {
  delivery.committed = true;
  if (delivery.parked) delivery.message = undefined;
}

export function encodeRecord(owner: string, delivery: { qos: 0 | 1; retain: boolean }, message: BrokerMessage): Buffer {
  const ownerBytes = Buffer.byteLength(owner);
  const forwarded = message.forwarded?.length ?? 0;
  const { topicBytes, payload } = message;
  const record = Buffer.allocUnsafe(HEADER_BYTES + ownerBytes + topicBytes.length + forwarded + payload.length);
  record[0] = FORMAT;
  record[1] = (delivery.qos === 1 ? FLAG_QOS1 : 0) | (delivery.retain ? FLAG_RETAIN : 0);
  record.writeDoubleBE(message.receivedAt, 2);
  const expiry = message.expiresAt === Infinity ? NO_EXPIRY : (message.expiresAt - message.receivedAt) / 1000;
  record.writeUInt32BE(expiry, 10);
  record.writeUInt16BE(ownerBytes, 14);
  record.writeUInt16BE(topicBytes.length, 16);
  record.writeUInt32BE(forwarded, 18);
  let at = HEADER_BYTES + record.write(owner, HEADER_BYTES, 'utf8');
  at += topicBytes.copy(record, at);
  if (message.forwarded !== undefined) at += message.forwarded.copy(record, at);
  payload.copy(record, at);
  return record;
}

export function decodeRecord(record: Buffer): StoredDelivery {
  if (record[0] !== FORMAT) throw new Error(`message record of unknown format ${record[0]}`);
  const flags = record[1] as number;
  const expirySeconds = record.readUInt32BE(10);
  const ownerEnd = HEADER_BYTES + record.readUInt16BE(14);
  const topicEnd = ownerEnd + record.readUInt16BE(16);
  const forwardedEnd = topicEnd + record.readUInt32BE(18);
  const topicBytes = record.subarray(ownerEnd, topicEnd);
  const qos = (flags & FLAG_QOS1) === 0 ? 0 : 1;
  const retain = (flags & FLAG_RETAIN) !== 0;
  const message = new BrokerMessage({
    topic: topicBytes.toString('utf8'),
    topicBytes,
    payload: record.subarray(forwardedEnd),
    qos,
    retain,
    receivedAt: record.readDoubleBE(2),
    expirySeconds: expirySeconds === NO_EXPIRY ? undefined : expirySeconds,
    forwarded: forwardedEnd === topicEnd ? undefined : record.subarray(topicEnd, forwardedEnd),
  });
  return { owner: record.toString('utf8', HEADER_BYTES, ownerEnd), delivery: new Delivery(message, qos, retain) };
}
