import type { MessageProperties, MqttMessage, PublisherIdentity } from '../../core/mqtt.ts';
import type { DurableLog, Store } from '../../core/store.ts';

/** A message whose rules have not all been carried out: what a restart needs to go on. */
export interface PendingMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly ruleNames: readonly string[];
  /** When the rules engine took it, ms since the epoch: `timestamp()`. */
  readonly timestamp: number;
  /** Known when a rule has asked for it. */
  readonly traceId: string | undefined;
  readonly publisher: PublisherIdentity | undefined;
  readonly properties: MessageProperties | undefined;
}

/** Header of a record, as a JSON array before the payload. */
type Header = [
  topic: string,
  ruleNames: readonly string[],
  timestamp: number,
  traceId: string | null,
  publisher: readonly [clientId: string, principalId: string, sourceIp: string] | null,
  properties: (Omit<MessageProperties, 'correlationData'> & { correlationData?: string }) | null,
];

/**
 * Messages on disk until their actions are done.
 *
 * INVARIANT: `append` tells when the record is on disk: the store commits what comes together in one (group commit).
 */
export class PendingLog {
  readonly #log: DurableLog;
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.#log = store.log('rules/pending');
  }

  append(message: PendingMessage): { readonly id: number; readonly durable: Promise<void> } {
    const id = this.#log.append(encode(message));
    return { id, durable: this.#store.durable() };
  }

  remove(id: number): void {
    this.#log.remove(id);
  }

  /** Oldest first, at most `limit`, from an id on. */
  page(from: number, limit: number): [number, PendingMessage][] {
    const page: [number, PendingMessage][] = [];
    for (const [id, record] of this.#log.entries(from)) {
      page.push([id, decode(record)]);
      if (page.length >= limit) break;
    }
    return page;
  }
}

function encode(message: PendingMessage): Buffer {
  const { publisher, properties } = message;
  const header: Header = [
    message.topic,
    message.ruleNames,
    message.timestamp,
    message.traceId ?? null,
    publisher === undefined ? null : [publisher.clientId, publisher.principalId, publisher.sourceIp],
    properties === undefined ? null : encodeProperties(properties),
  ];
  const text = JSON.stringify(header);
  const length = Buffer.byteLength(text);
  const record = Buffer.allocUnsafe(4 + length + message.payload.length);
  record.writeUInt32BE(length, 0);
  record.write(text, 4);
  message.payload.copy(record, 4 + length);
  return record;
}

function encodeProperties(properties: MessageProperties): Exclude<Header[5], null> {
  const { correlationData, ...others } = properties;
  return correlationData === undefined ? others : { ...others, correlationData: correlationData.toString('base64') };
}

function decode(record: Buffer): PendingMessage {
  const length = record.readUInt32BE(0);
  const header = JSON.parse(record.toString('utf8', 4, 4 + length)) as Header;
  const [topic, ruleNames, timestamp, traceId, publisher, properties] = header;
  return {
    topic,
    payload: record.subarray(4 + length),
    ruleNames,
    timestamp,
    traceId: traceId ?? undefined,
    publisher:
      publisher === null ? undefined : { clientId: publisher[0], principalId: publisher[1], sourceIp: publisher[2] },
    properties: properties === null ? undefined : decodeProperties(properties),
  };
}

function decodeProperties(properties: Exclude<Header[5], null>): MessageProperties {
  const { correlationData, ...others } = properties;
  return correlationData === undefined
    ? others
    : { ...others, correlationData: Buffer.from(correlationData, 'base64') };
}

export function pendingMessage(
  message: MqttMessage,
  ruleNames: readonly string[],
  timestamp: number,
  traceId: string | undefined,
): PendingMessage {
  const { topic, payload, publisher, properties } = message;
  return { topic, payload, ruleNames, timestamp, traceId, publisher, properties };
}
