import { channelTopic } from '@fleetwright/contracts';
import type { Device } from '../../../device-client/src/index.ts';
import type { Dice } from '../dice.ts';
import { group, type Say } from '../part.ts';
import type { Subject } from '../subject.ts';
import { type BrokerTally, emptyTally, fuzzConnection, type LaneSpeaker } from './mqtt-lane.ts';
import { wireAddress } from './mqtt-wire.ts';
import { openIdentity } from './open-identity.ts';

export interface BrokerFuzzOptions {
  readonly subject: Subject;
  readonly dice: Dice;
  /** Devices with identities of their own; stopped, so that their names are free. */
  readonly devices: readonly Device[];
  readonly packets: number;
  /** performance.now() at which it ends, whatever was reached */
  readonly deadline: number;
  readonly say: Say;
}

/** Connections at a time that may do everything, beside one of each device. */
const OPEN_LANES = 6;
/** Topics and filters of the open lanes: few, so that publishes meet subscriptions, and retained messages stay few. */
const OPEN_TOPICS = ['verify/a', 'verify/b', 'verify/a/b', 'verify/a/c', 'verify//x', 'verify/ü', '/verify', 'verify/'];
const OPEN_FILTERS = [
  ...OPEN_TOPICS,
  'verify/+',
  'verify/#',
  'verify/+/b',
  '+/a',
  'verify/+/+',
  '$share/one/verify/#',
  '$share/two/verify/+',
  '$share/one/verify/a',
  '$aws/things/verify/shadow/#',
  '$aws/things/verify/jobs/#',
  '$aws/things/verify/streams/#',
];

/** Throws well-formed, mutated and random packets at the broker over mTLS, on many connections side by side. */
export async function fuzzBroker(options: BrokerFuzzOptions): Promise<BrokerTally> {
  const { deadline, devices, dice, packets, say, subject } = options;
  const tally = emptyTally();
  const cloud = subject.platform.description;
  const open = wireAddress(cloud, await openIdentity(subject.platform.settings));
  const lanes: LaneSpeaker[] = [
    ...devices.map((device): LaneSpeaker => {
      const { configuration, thingName } = device.identity;
      const own = { ...configuration, thingName };
      // Health is read by a rule without a function, so each of these publishes goes through rule SQL, and most of them
      // into the rule-error queue; the ingest queue has its own part.
      const topics = [channelTopic(own, 'health')];
      const below = channelTopic(own, 'health').replace(/\/health$/, '');
      return {
        address: wireAddress(cloud, device.identity),
        clientIds: [thingName],
        topics,
        mayRetain: false,
        filters: [`${below}/commands`, `${below}/+`, `${below}/#`, `${below}/a/b`],
      };
    }),
    ...Array.from({ length: OPEN_LANES }, (_, lane): LaneSpeaker => {
      return {
        address: open,
        clientIds: [`verify-${lane}-a`, `verify-${lane}-b`, `verify-${lane}-ü`],
        topics: OPEN_TOPICS,
        filters: OPEN_FILTERS,
        mayRetain: true,
        mayAskServices: true,
      };
    }),
  ];
  const over = (): boolean =>
    tally.packets >= packets || performance.now() > deadline || subject.ended !== undefined || tally.silent.length > 20;
  await Promise.all(
    lanes.map(async (lane, index) => {
      const own = dice.fork(`lane ${index}`);
      while (!over()) {
        await fuzzConnection(own, lane, tally);
        say(`broker: ${group(tally.packets)} packets on ${group(tally.connections)} connections`);
      }
    }),
  );
  return tally;
}
