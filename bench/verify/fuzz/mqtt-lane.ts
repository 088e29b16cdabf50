import type { Dice } from '../dice.ts';
import { type MqttVersion, PINGREQ } from './mqtt-bytes.ts';
import { type DamageKind, damagedConnect, damagedPacket } from './mqtt-damage.ts';
import { connectPacket, ordinaryPacket, pubackPacket, type Speaker } from './mqtt-packets.ts';
import { MqttWire, type WireAddress } from './mqtt-wire.ts';

/** What all lanes have done and seen. */
export interface BrokerTally {
  connections: number;
  /** Packets written. */
  packets: number;
  /** Those that the broker has answered for certain: a later PINGRESP, or the end of the connection. */
  answered: number;
  readonly damaged: Map<DamageKind | 'CONNECT', number>;
  connectsAccepted: number;
  connectsRefused: number;
  endedByServer: number;
  /** Reason codes with which the broker ended a connection that had said nothing wrong. */
  readonly unprovoked: Map<string, number>;
  handshakesFailed: number;
  /** Live connections that were not answered in time. */
  readonly silent: string[];
  /** What the broker said that is not MQTT. */
  readonly malformed: string[];
}

export function emptyTally(): BrokerTally {
  return {
    connections: 0,
    packets: 0,
    answered: 0,
    damaged: new Map(),
    connectsAccepted: 0,
    connectsRefused: 0,
    endedByServer: 0,
    unprovoked: new Map(),
    handshakesFailed: 0,
    silent: [],
    malformed: [],
  };
}

export interface LaneSpeaker {
  readonly address: WireAddress;
  readonly clientIds: readonly string[];
  readonly topics: readonly string[];
  readonly filters: readonly string[];
  readonly mayRetain: boolean;
  readonly mayAskServices?: boolean;
}

/** ms in which a live connection must be answered, however busy the machine is */
const PATIENCE = 60_000;
/** ms that the broker gets to refuse what may also be the beginning of something larger */
const UNFINISHED_PATIENCE = 40;
/** Below AWS's limit of 100 unacknowledged publishes of a connection. */
const WINDOW = 80;

/** One connection: some ordinary traffic, then damage until the broker has had enough. */
export async function fuzzConnection(dice: Dice, lane: LaneSpeaker, tally: BrokerTally): Promise<void> {
  const version: MqttVersion = dice.chance(0.5) ? 5 : 4;
  const speaker: Speaker = { ...lane, version, clientId: dice.pick(lane.clientIds) };
  let wire: MqttWire;
  try {
    wire = await MqttWire.dial(lane.address, version, (packet) => {
      if (packet.cmd === 'publish' && packet.qos === 1 && dice.chance(0.7)) {
        wire.write(pubackPacket(dice, speaker, packet.messageId));
      }
    });
  } catch {
    tally.handshakesFailed++;
    return;
  }
  tally.connections++;
  try {
    if (dice.chance(0.1)) await beginWrongly(dice, wire, speaker, tally);
    else if (await begin(dice, wire, speaker, tally)) await converse(dice, wire, speaker, tally);
  } finally {
    wire.destroy();
  }
}

async function beginWrongly(dice: Dice, wire: MqttWire, speaker: Speaker, tally: BrokerTally): Promise<void> {
  wire.write(damagedConnect(dice, speaker));
  count(tally.damaged, 'CONNECT');
  tally.packets++;
  // What it answers to a client that speaks something else need not be MQTT of the version read here.
  if ((await wire.until(() => wire.connack !== undefined, UNFINISHED_PATIENCE)) !== 'timeout') tally.answered++;
}

async function begin(dice: Dice, wire: MqttWire, speaker: Speaker, tally: BrokerTally): Promise<boolean> {
  wire.write(connectPacket(dice, speaker));
  tally.packets++;
  const outcome = await wire.until(() => wire.connack !== undefined, PATIENCE);
  if (outcome === 'timeout') tally.silent.push('CONNECT');
  else tally.answered++;
  if (outcome === 'met' && wire.connack === 0) {
    tally.connectsAccepted++;
    return true;
  }
  tally.connectsRefused++;
  return false;
}

async function converse(dice: Dice, wire: MqttWire, speaker: Speaker, tally: BrokerTally): Promise<void> {
  let owed = 0;
  for (let turn = dice.between(1, 2); turn > 0; turn--) {
    const batch: Buffer[] = [];
    for (let size = dice.between(4, 40); size > 0; size--) {
      const { bytes, awaitsAck } = ordinaryPacket(dice, speaker, owed - wire.acknowledged < WINDOW);
      if (awaitsAck) owed++;
      batch.push(bytes);
    }
    const pings = batch.filter((bytes) => bytes === PINGREQ).length + 1;
    if (!(await say(wire, batch, pings, tally))) return;
  }
  // Damage may hold a PINGREQ of its own before a packet that never ends: its answer says nothing of what comes next.
  let framed = true;
  while (!wire.closed) {
    const { bytes, kind, unfinished } = damagedPacket(dice, speaker);
    if (unfinished && bytes.includes(PINGREQ)) framed = false;
    count(tally.damaged, kind);
    const pings = wire.pings;
    wire.write(Buffer.concat([bytes, PINGREQ]));
    tally.packets += 2;
    const mayWait = unfinished || !framed;
    const outcome = await wire.until(() => wire.pings > pings, mayWait ? UNFINISHED_PATIENCE : PATIENCE);
    note(wire, tally);
    if (outcome === 'timeout') {
      if (!mayWait) tally.silent.push(kind);
      return;
    }
    tally.answered += outcome === 'met' ? 2 : 1;
    if (outcome === 'closed') tally.endedByServer++;
  }
}

/** Sends packets that break no rule. False when the connection is over. */
async function say(wire: MqttWire, batch: readonly Buffer[], pings: number, tally: BrokerTally): Promise<boolean> {
  const expected = wire.pings + pings;
  wire.write(Buffer.concat([...batch, PINGREQ]));
  tally.packets += batch.length + 1;
  const outcome = await wire.until(() => wire.pings >= expected, PATIENCE);
  note(wire, tally);
  if (outcome === 'met') {
    tally.answered += batch.length + 1;
    return true;
  }
  if (outcome === 'timeout') tally.silent.push('ordinary packets');
  else count(tally.unprovoked, wire.goodbye === undefined ? 'no reason' : `0x${wire.goodbye.toString(16)}`);
  return false;
}

function note(wire: MqttWire, tally: BrokerTally): void {
  if (wire.malformed !== undefined) tally.malformed.push(wire.malformed);
}

function count<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
