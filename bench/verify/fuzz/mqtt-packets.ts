import type { Dice } from '../dice.ts';
import { field, type MqttVersion, PINGREQ, packet, properties, property, u16, u32 } from './mqtt-bytes.ts';
import { reservedRequest } from './reserved-requests.ts';

/** Who speaks, and what it may say without being cut off for it. */
export interface Speaker {
  readonly clientId: string;
  readonly version: MqttVersion;
  /** Topics that its policy allows. */
  readonly topics: readonly string[];
  /** At most 40, so that a connection stays below its limit of 50 subscriptions. */
  readonly filters: readonly string[];
  /** Its policy allows iot:RetainPublish. */
  readonly mayRetain: boolean;
  /** Its policy allows requests to the services of AWS IoT, for things of any name. */
  readonly mayAskServices?: boolean;
}

/** A CONNECT that a server accepts, with each optional part there or not. */
export function connectPacket(dice: Dice, speaker: Speaker): Buffer {
  const { clientId, version, topics } = speaker;
  const will = dice.chance(0.15);
  const user = dice.chance(0.2);
  const clean = dice.chance(0.7);
  const flags = (clean ? 0x02 : 0) | (will ? 0x04 | (dice.int(2) << 3) : 0) | (user ? 0xc0 : 0);
  const expiry = !clean || dice.chance(0.2) ? [property(0x11, u32(dice.pick([0, 1, 30, 3600, 0xffffffff])))] : [];
  const sent = [
    ...expiry,
    ...(dice.chance(0.2) ? [property(0x21, u16(dice.between(1, 100)))] : []),
    ...(dice.chance(0.2) ? [property(0x22, u16(dice.int(20)))] : []),
    ...(dice.chance(0.1) ? [property(0x27, u32(dice.pick([100, 1000, 149_504, 0xffffffff])))] : []),
    ...(dice.chance(0.1) ? [property(0x17, Buffer.from([dice.int(2)]))] : []),
    ...userProperties(dice),
  ];
  return packet(
    0x10,
    field('MQTT'),
    Buffer.from([version, flags]),
    u16(dice.pick([0, 1, 30, 60, 1200, 65_535])),
    properties(version, ...sent),
    field(clientId),
    ...(will
      ? [properties(version, ...willProperties(dice)), field(dice.pick(topics)), field(dice.bytes(dice.int(64)))]
      : []),
    ...(user ? [field(dice.text(8)), field(dice.bytes(8))] : []),
  );
}

export interface PublishChoice {
  readonly qos: 0 | 1;
  readonly topic?: string;
  readonly payload?: Buffer;
}

export function publishPacket(dice: Dice, speaker: Speaker, choice: PublishChoice): Buffer {
  const { mayRetain, version, topics } = speaker;
  const topic = choice.topic ?? dice.pick(topics);
  const retain = mayRetain && dice.chance(0.02) ? 0x01 : 0;
  const repeated = choice.qos === 1 && dice.chance(0.05) ? 0x08 : 0;
  return packet(
    0x30 | (choice.qos << 1) | repeated | retain,
    field(topic),
    ...(choice.qos === 1 ? [u16(dice.between(1, 65_535))] : []),
    properties(version, ...publishProperties(dice)),
    choice.payload ?? dice.bytes(dice.int(120)),
  );
}

export function subscribePacket(dice: Dice, { filters, version }: Speaker): Buffer {
  const chosen = Array.from({ length: dice.between(1, 8) }, () => dice.pick(filters));
  const options = (filter: string): number => {
    const qos = dice.int(2);
    if (version === 4) return qos;
    const noLocal = filter.startsWith('$share/') ? 0 : dice.int(2) << 2;
    return qos | noLocal | (dice.int(2) << 3) | (dice.int(3) << 4);
  };
  return packet(
    0x82,
    u16(dice.between(1, 65_535)),
    properties(version, ...userProperties(dice)),
    ...chosen.flatMap((filter) => [field(filter), Buffer.from([options(filter)])]),
  );
}

export function unsubscribePacket(dice: Dice, { filters, version }: Speaker): Buffer {
  const chosen = Array.from({ length: dice.between(1, 8) }, () => dice.pick(filters));
  return packet(
    0xa2,
    u16(dice.between(1, 65_535)),
    properties(version, ...userProperties(dice)),
    ...chosen.map((filter) => field(filter)),
  );
}

/** For a packet id that nobody gave out, most of the time. */
export function pubackPacket(dice: Dice, { version }: Speaker, packetId = dice.between(1, 65_535)): Buffer {
  if (version === 4 || dice.chance(0.5)) return packet(0x40, u16(packetId));
  return packet(0x40, u16(packetId), Buffer.from([dice.pick([0x00, 0x10, 0x80, 0x97, 0xff])]), Buffer.from([0]));
}

/** `mayAwait` is false when no further PUBACK may be owed to this connection. */
export function ordinaryPacket(dice: Dice, speaker: Speaker, mayAwait: boolean): { bytes: Buffer; awaitsAck: boolean } {
  const service = speaker.mayAskServices === true ? 6 : 0;
  const kind = dice.weighted({
    publish0: 45,
    publish1: 25,
    subscribe: 10,
    unsubscribe: 5,
    puback: 10,
    ping: 5,
    service,
  });
  const plain = (bytes: Buffer) => ({ bytes, awaitsAck: false });
  switch (kind) {
    case 'publish1':
      if (mayAwait) return { bytes: publishPacket(dice, speaker, { qos: 1 }), awaitsAck: true };
      return plain(publishPacket(dice, speaker, { qos: 0 }));
    case 'publish0':
      return plain(publishPacket(dice, speaker, { qos: 0 }));
    case 'subscribe':
      return plain(subscribePacket(dice, speaker));
    case 'unsubscribe':
      return plain(unsubscribePacket(dice, speaker));
    case 'puback':
      return plain(pubackPacket(dice, speaker));
    case 'ping':
      return plain(PINGREQ);
    case 'service': {
      const request = reservedRequest(dice);
      const qos = mayAwait && dice.chance(0.5) ? 1 : 0;
      const bytes = publishPacket(dice, { ...speaker, mayRetain: false }, { qos, ...request });
      return { bytes, awaitsAck: qos === 1 };
    }
  }
}

function publishProperties(dice: Dice): Buffer[] {
  if (dice.chance(0.6)) return [];
  return [
    ...(dice.chance(0.3) ? [property(0x01, Buffer.from([dice.int(2)]))] : []),
    ...(dice.chance(0.3) ? [property(0x02, u32(dice.pick([0, 1, 60, 0xffffffff])))] : []),
    ...(dice.chance(0.3) ? [property(0x23, u16(dice.between(1, 8)))] : []),
    ...(dice.chance(0.3) ? [property(0x03, field(dice.text(dice.int(30))))] : []),
    ...(dice.chance(0.3) ? [property(0x08, field(`reply/${dice.text(5)}`))] : []),
    ...(dice.chance(0.3) ? [property(0x09, field(dice.bytes(dice.int(40))))] : []),
    ...userProperties(dice),
  ];
}

function willProperties(dice: Dice): Buffer[] {
  return dice.chance(0.5) ? [] : [property(0x18, u32(dice.pick([0, 1, 60]))), ...userProperties(dice)];
}

function userProperties(dice: Dice): Buffer[] {
  if (dice.chance(0.8)) return [];
  return Array.from({ length: dice.between(1, 4) }, () =>
    property(0x26, field(dice.pick(['k', '__proto__', 'constructor', ''])), field(dice.text(dice.int(20)))),
  );
}
