import type { Dice } from '../dice.ts';
import { field, packet, properties, property, u16, u32, variable } from './mqtt-bytes.ts';
import { connectPacket, ordinaryPacket, type Speaker, subscribePacket, unsubscribePacket } from './mqtt-packets.ts';
import { flipBits, mutateBytes } from './mutate-bytes.ts';

export interface Damaged {
  readonly kind: DamageKind;
  readonly bytes: Buffer;
  /** The server may rightly wait for more of it: nothing sent after it will be understood. */
  readonly unfinished: boolean;
}

export type DamageKind = keyof typeof DAMAGES;

/** Texts that are no UTF-8: lone continuation, overlong, surrogate, beyond U+10FFFF, cut short; and U+0000, which MQTT forbids. */
const BAD_TEXT = ['80', 'c080', 'eda080', 'f4908080', 'e282', '6100', 'ff', 'fe80'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** Topics that no publish may have, or that none but AWS may answer. */
const BAD_TOPICS = [
  '#',
  'a/+/b',
  'a/#',
  '',
  '$aws/events/presence/connected/x',
  '$aws/things/x/shadow/update',
  '$aws/rules//x',
  '$aws/rules/none/x',
  '$aws/certificates/create/json',
  '$SYS/broker',
  'a/b/c/d/e/f/g/h/i',
  'x'.repeat(300),
  `$aws/rules/${'y'.repeat(300)}`,
  '$share/g/a',
];

const any = (dice: Dice, speaker: Speaker): Buffer =>
  dice.chance(0.15) ? connectPacket(dice, speaker) : ordinaryPacket(dice, speaker, true).bytes;

/** Kinds of packets that should end a connection, or should not have been sent. */
const DAMAGES = {
  'flipped bits': (dice: Dice, speaker: Speaker) => flipBits(dice, any(dice, speaker), dice.between(1, 4)),
  'mutated bytes': (dice: Dice, speaker: Speaker) => mutateBytes(dice, any(dice, speaker)),
  truncated: (dice: Dice, speaker: Speaker) => {
    const whole = any(dice, speaker);
    return whole.subarray(0, dice.int(whole.length));
  },
  'wrong remaining length': (dice: Dice, { topics, version }: Speaker) => {
    const body = Buffer.concat([field(dice.pick(topics)), u16(1), properties(version), dice.bytes(dice.int(60))]);
    return Buffer.concat([Buffer.from([0x32]), variable(Math.max(0, body.length + dice.between(-40, 9))), body]);
  },
  'huge remaining length': (dice: Dice) =>
    Buffer.concat([
      Buffer.from([dice.pick([0x10, 0x30, 0x32, 0x82, 0xa2, 0x40])]),
      Buffer.from(dice.pick(['ffffff7f', 'ffffffff7f', '8080808001', 'ffffffffff', '80808008', 'e0ff08']), 'hex'),
      dice.bytes(dice.int(40)),
    ]),
  'bad UTF-8': (dice: Dice, { version, topics }: Speaker) => {
    const bad = Buffer.concat([
      Buffer.from(dice.pick(topics)),
      dice.pick(BAD_TEXT),
      Buffer.from(dice.text(dice.int(4))),
    ]);
    return dice.pick([
      () => packet(0x30, field(bad), properties(version), dice.bytes(8)),
      () => packet(0x82, u16(1), properties(version), field(bad), Buffer.from([0])),
      () => packet(0xa2, u16(1), properties(version), field(bad)),
      () => packet(0x30, field(dice.pick(topics)), properties(version, property(0x03, field(bad))), dice.bytes(8)),
      () => packet(0x30, field(dice.pick(topics)), properties(version, property(0x26, field(bad), field('')))),
    ])();
  },
  'packet type of a server or of none': (dice: Dice) => {
    const header = (dice.pick([0, 2, 5, 6, 7, 9, 11, 13, 15]) << 4) | dice.pick([0, 0, 2, dice.int(16)]);
    return packet(header, dice.bytes(dice.int(12)));
  },
  'wrong flags': (dice: Dice, speaker: Speaker) => {
    const whole = Buffer.from(dice.pick([subscribePacket, unsubscribePacket])(dice, speaker));
    whole[0] = ((whole[0] as number) & 0xf0) | dice.pick([0, 1, 3, 4, 8, 15]);
    return whole;
  },
  'packet identifier 0': (dice: Dice, speaker: Speaker) =>
    dice.pick([
      packet(0x32, field(dice.pick(speaker.topics)), u16(0), properties(speaker.version), dice.bytes(4)),
      packet(0x82, u16(0), properties(speaker.version), field('a'), Buffer.from([0])),
      packet(0xa2, u16(0), properties(speaker.version), field('a')),
    ]),
  'QoS 2 or 3': (dice: Dice, speaker: Speaker) =>
    dice.pick([
      packet(
        dice.pick([0x34, 0x36]),
        field(dice.pick(speaker.topics)),
        u16(7),
        properties(speaker.version),
        dice.bytes(4),
      ),
      packet(
        0x82,
        u16(3),
        properties(speaker.version),
        field('a/b'),
        Buffer.from([dice.pick([2, 3, 0xc0, 0x30, 0xff])]),
      ),
    ]),
  'second CONNECT': (dice: Dice, speaker: Speaker) => connectPacket(dice, speaker),
  'wrong properties': (dice: Dice, speaker: Speaker) => {
    const wrong = dice.pick([
      () => Buffer.concat([property(0x02, u32(1)), property(0x02, u32(2))]),
      () => property(dice.int(256), dice.bytes(dice.int(6))),
      () => property(0x23, u16(dice.pick([0, 9, 65_535]))),
      () => property(0x0b, variable(dice.pick([0, 1, 268_435_455]))),
      () => property(0x26, field('a')),
      () => property(0x08, field('a/#')),
    ])();
    const length = dice.chance(0.5)
      ? variable(wrong.length)
      : dice.pick([variable(wrong.length + 40), Buffer.from('ffffffff7f', 'hex')]);
    return packet(0x30, field(dice.pick(speaker.topics)), length, wrong, dice.bytes(4));
  },
  'topic not for publishing': (dice: Dice, { version }: Speaker) => {
    const qos = dice.int(2);
    return packet(
      0x30 | (qos << 1) | (dice.chance(0.2) ? 1 : 0),
      field(dice.pick(BAD_TOPICS)),
      ...(qos === 1 ? [u16(9)] : []),
      properties(version),
      dice.bytes(dice.int(30)),
    );
  },
  'filters of wrong shape': (dice: Dice, { version }: Speaker) => {
    const bad = [
      '',
      '#/a',
      'a/#/b',
      'a+',
      '+a/b',
      '$share',
      '$share/',
      '$share//a',
      '$share/g/',
      '$share/+/a',
      'x'.repeat(400),
    ];
    const count = dice.pick([0, 1, 3, 9, 60]);
    const filters = Array.from({ length: count }, () => dice.pick(bad));
    return packet(
      0x82,
      u16(5),
      properties(version),
      ...filters.flatMap((filter) => [field(filter), Buffer.from([dice.chance(0.8) ? 1 : 5])]),
    );
  },
  'payload over 128 KB': (dice: Dice, { topics, version }: Speaker) =>
    packet(0x30, field(dice.pick(topics)), properties(version), Buffer.alloc(dice.pick([131_073, 149_600, 200_000]))),
  'spliced packets': (dice: Dice, speaker: Speaker) => {
    const first = any(dice, speaker);
    const second = any(dice, speaker);
    return Buffer.concat([first.subarray(0, dice.int(first.length)), second.subarray(dice.int(second.length))]);
  },
  'random bytes': (dice: Dice) => dice.bytes(dice.between(1, 200)),
} satisfies Record<string, (dice: Dice, speaker: Speaker) => Buffer>;

const KINDS = Object.keys(DAMAGES) as DamageKind[];
const UNFINISHED: ReadonlySet<DamageKind> = new Set([
  'flipped bits',
  'mutated bytes',
  'truncated',
  'wrong remaining length',
  'huge remaining length',
  'spliced packets',
  'random bytes',
]);

export function damagedPacket(dice: Dice, speaker: Speaker): Damaged {
  // Large ones cost more than they teach: a few are enough.
  let kind = dice.pick(KINDS);
  if (kind === 'payload over 128 KB' && !dice.chance(0.05)) kind = 'flipped bits';
  return { kind, bytes: DAMAGES[kind](dice, speaker), unfinished: UNFINISHED.has(kind) };
}

/** Something in the place of a CONNECT. */
export function damagedConnect(dice: Dice, speaker: Speaker): Buffer {
  const good = connectPacket(dice, speaker);
  switch (dice.int(5)) {
    case 0:
      return ordinaryPacket(dice, speaker, true).bytes;
    case 1:
      return dice.bytes(dice.between(1, 100));
    case 2: {
      const other = Buffer.from(good);
      // Protocol name or level of something else.
      other[dice.between(2, 9)] = dice.int(256);
      return other;
    }
    case 3:
      return flipBits(dice, good, dice.between(1, 6));
    default:
      return mutateBytes(dice, good);
  }
}
