import { readFileSync } from 'node:fs';
import { basicIngestTopic, channelTopic } from '@fleetwright/contracts';
import { connectAsync, type MqttClient } from 'mqtt';
import type { Device } from '../../../device-client/src/index.ts';
import type { Dice } from '../dice.ts';
import { group, type Say } from '../part.ts';
import type { Subject } from '../subject.ts';
import { type AcknowledgedPayload, PayloadAccount } from './payload-account.ts';
import { PayloadSource } from './payloads.ts';

export interface PayloadFuzzOptions {
  readonly subject: Subject;
  readonly dice: Dice;
  readonly devices: readonly Device[];
  readonly payloads: number;
  /** performance.now() at which it ends, whatever was reached */
  readonly deadline: number;
  readonly say: Say;
}

export interface PayloadTally {
  published: number;
  acknowledged: number;
  /** Publishes that were not acknowledged: refused, or cut off. Nothing was promised for them. */
  refused: number;
  letters: number;
  readonly kinds: Map<string, number>;
  readonly lost: AcknowledgedPayload[];
}

/** Acknowledged publishes after which accounts are settled, so that neither queues nor this process grow without end. */
const ROUND = 20_000;
const WINDOW = 64;
const SETTLE_TIMEOUT = 180_000;
/** Share that goes to the event channel, whose replays are looked up in DynamoDB. */
const EVENTS = 0.03;

/** Publishes random payloads with QoS 1 and looks for each acknowledged one among rows and dead letters. */
export async function fuzzPayloads(options: PayloadFuzzOptions): Promise<PayloadTally> {
  const { deadline, devices, dice, payloads, say, subject } = options;
  const tally: PayloadTally = { published: 0, acknowledged: 0, refused: 0, letters: 0, kinds: new Map(), lost: [] };
  const account = new PayloadAccount(subject);
  const lanes = await Promise.all(devices.map((device) => PayloadLane.open(subject, device, dice)));
  try {
    while (tally.published < payloads && performance.now() < deadline && subject.ended === undefined) {
      const goal = Math.min(payloads, tally.published + ROUND);
      const acknowledged: AcknowledgedPayload[] = [];
      const more = (): boolean => tally.published < goal && performance.now() < deadline;
      await Promise.all(lanes.map((lane) => lane.publish(more, tally, acknowledged, say)));
      say(`payloads: ${group(tally.published)} published, looking for ${group(acknowledged.length)} of them`);
      tally.lost.push(...(await settle(account, acknowledged)));
      tally.letters = account.letters;
    }
  } finally {
    for (const lane of lanes) lane.close();
  }
  return tally;
}

/** Looks until all are found, or for so long that the rest is lost. */
async function settle(
  account: PayloadAccount,
  acknowledged: readonly AcknowledgedPayload[],
): Promise<AcknowledgedPayload[]> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
  for (let left = acknowledged; ; ) {
    await account.collect();
    left = await account.unaccounted(left);
    if (left.length === 0 || performance.now() > deadline) return [...left];
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** One device's connection with a window of unacknowledged publishes. */
class PayloadLane {
  readonly #client: MqttClient;
  readonly #thingName: string;
  readonly #topics: Readonly<Record<'telemetry' | 'event', string>>;
  readonly #source: PayloadSource;
  readonly #dice: Dice;

  private constructor(client: MqttClient, device: Device, dice: Dice) {
    const { configuration, thingName } = device.identity;
    const address = { ...configuration, thingName };
    this.#client = client;
    this.#thingName = thingName;
    this.#dice = dice.fork(thingName);
    this.#topics = {
      telemetry: basicIngestTopic(address, 'telemetry', configuration.telemetryRule),
      event: channelTopic(address, 'event'),
    };
    // Boots of the agent itself are few: this number is never one of them.
    this.#source = new PayloadSource(this.#dice.fork('payloads'), 1_000 + this.#dice.int(1_000_000), Date.now);
  }

  static async open(subject: Subject, device: Device, dice: Dice): Promise<PayloadLane> {
    const { caFile, mqttHost, mqttPort } = subject.platform.description;
    const { certificatePem, privateKeyPem, thingName } = device.identity;
    const client = await connectAsync({
      protocol: 'mqtts',
      host: mqttHost,
      port: mqttPort,
      ca: readFileSync(caFile),
      cert: certificatePem,
      key: privateKeyPem,
      clientId: thingName,
      protocolVersion: 5,
      reconnectPeriod: 500,
      keepalive: 1200,
    });
    client.on('error', () => {});
    return new PayloadLane(client, device, dice);
  }

  /** Publishes while `more` says so; resolves when each publish is acknowledged or refused. */
  async publish(
    more: () => boolean,
    tally: PayloadTally,
    acknowledged: AcknowledgedPayload[],
    say: Say,
  ): Promise<void> {
    const worker = async (): Promise<void> => {
      while (more()) {
        const { bytes, kind } = this.#source.next();
        const channel = this.#dice.chance(EVENTS) ? 'event' : 'telemetry';
        tally.published++;
        tally.kinds.set(kind, (tally.kinds.get(kind) ?? 0) + 1);
        try {
          await this.#client.publishAsync(this.#topics[channel], bytes, { qos: 1 });
          tally.acknowledged++;
          say(`payloads: ${group(tally.published)} published, ${group(tally.acknowledged)} acknowledged`);
          acknowledged.push({ thingName: this.#thingName, channel, kind, bytes });
        } catch {
          tally.refused++;
        }
      }
    };
    await Promise.all(Array.from({ length: WINDOW }, worker));
  }

  close(): void {
    this.#client.end(true);
  }
}
