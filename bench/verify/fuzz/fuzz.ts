import type { Device } from '../../../device-client/src/index.ts';
import type { Dice } from '../dice.ts';
import type { Faults } from '../faults.ts';
import { goodDevice } from '../good-device.ts';
import { HealthProbe } from '../health-probe.ts';
import { group, type Invariant, type PartResult, type Say } from '../part.ts';
import { ownMemory } from '../process-tree.ts';
import type { Setting } from '../setting.ts';
import type { Subject } from '../subject.ts';
import { fuzzBroker } from './fuzz-broker.ts';
import { type FrontDoorTally, fuzzFrontDoor } from './fuzz-front-door.ts';
import { fuzzPayloads, type PayloadTally } from './fuzz-payloads.ts';
import type { BrokerTally } from './mqtt-lane.ts';

export interface FuzzSize {
  readonly packets: number;
  readonly payloads: number;
  readonly requests: number;
  readonly rubbish: number;
  readonly devices: number;
  /** Bound of the whole part, s. */
  readonly seconds: number;
  /** Longest time for which the cloud's event loop may be blocked, ms; Infinity leaves it unjudged. */
  readonly blockedMs: number;
  /** Own memory that the cloud may have gained when it is at rest again, bytes. */
  readonly memoryGain: number;
}

const MEGABYTE = 1_048_576;

export const FULL_FUZZ: FuzzSize = {
  packets: 900_000,
  payloads: 100_000,
  requests: 40_000,
  rubbish: 10_000,
  devices: 6,
  seconds: 1_500,
  blockedMs: 5_000,
  memoryGain: 700 * MEGABYTE,
};

/** For the tests, on machines of any speed: nothing is judged by time. */
export const FUZZ_SAMPLE: FuzzSize = {
  packets: 2_500,
  payloads: 500,
  requests: 400,
  rubbish: 60,
  devices: 2,
  seconds: 120,
  blockedMs: Number.POSITIVE_INFINITY,
  memoryGain: 700 * MEGABYTE,
};

/** ms that the cloud may take to come to rest before its memory is read */
const REST = 60_000;

/** Rubbish on every way into the cloud; afterwards it must be as before. `subject` is running and stays so. */
export async function runFuzz(setting: Setting, size: FuzzSize): Promise<PartResult> {
  const { dice, faults, say, subject } = setting;
  const began = performance.now();
  const devices = await onboard(subject, size.devices);
  await goodDevice(subject, 'VERIFY-BEFORE');
  const memoryBefore = ownMemory(subject.pid);
  const { blocked, broker, frontDoor, payloads } = await throwEverything(subject, dice, faults, size, devices, say);
  const alive = subject.ended === undefined;
  const afterwards = alive ? await attempt(() => goodDevice(subject, 'VERIFY-AFTER')) : 'the process is gone';
  const bound = memoryBefore + size.memoryGain;
  const memoryAfter = alive ? await memoryAtRest(subject, bound) : Number.NaN;
  const total = payloads.published + frontDoor.requests + frontDoor.rubbish + broker.packets;
  const goal = size.packets + size.payloads + size.requests + size.rubbish;
  const invariants: Invariant[] = [
    check('the whole amount was tried within the time', total >= goal, `${group(total)} of ${group(goal)}`),
    check('the process is alive', alive, subject.ended ?? 'yes'),
    check('a new device onboards and its sample is stored', afterwards === undefined, afterwards ?? 'yes'),
    check(
      'every acknowledged publish is a row or a dead letter',
      payloads.lost.length === 0,
      [
        `${payloads.lost.length} of ${group(payloads.acknowledged)} missing`,
        ...payloads.lost.slice(0, 5).map(({ bytes, kind }) => `${kind}: ${bytes.subarray(0, 300).toString('base64')}`),
      ].join('; '),
    ),
    check(
      'no answer of status 500 or above but 501',
      frontDoor.broken.size === 0,
      frontDoor.broken.size === 0
        ? 'none'
        : [...frontDoor.broken].map(([kind, { count, example }]) => `${count} × ${kind}\n    ${example}`).join('\n  '),
    ),
    check(
      'every request and every live MQTT connection is answered',
      frontDoor.silent.length === 0 && broker.silent.length === 0 && frontDoor.closed.length === 0,
      `${frontDoor.silent.length} requests and ${broker.silent.length} connections silent, ${frontDoor.closed.length} requests cut off${[...frontDoor.silent.slice(0, 3), ...broker.silent.slice(0, 3), ...frontDoor.closed.slice(0, 3)].map((text) => `; ${text}`).join('')}`,
    ),
    check(
      'everything the broker says is MQTT',
      broker.malformed.length === 0,
      broker.malformed.length === 0 ? 'yes' : `${broker.malformed.length} times not: ${broker.malformed[0]}`,
    ),
    check('no fault in the log', faults.count === 0, faults.count === 0 ? 'none' : faults.describe().join('\n  ')),
    check('the event loop is never blocked for long', blocked <= size.blockedMs, `at most ${group(blocked)} ms`),
    check(
      'memory returns below its bound',
      memoryAfter <= bound,
      `${megabytes(memoryBefore)} MB before, ${megabytes(memoryAfter)} MB after, bound ${megabytes(bound)} MB`,
    ),
  ];
  const seconds = (performance.now() - began) / 1000;
  return {
    part: 'fuzz',
    seed: dice.seed,
    seconds: Math.round(seconds),
    tried: [
      `${group(broker.packets)} MQTT packets (3.1.1 and 5) on ${group(broker.connections)} mTLS connections, ${group(sum(broker.damaged))} of them damaged in ${broker.damaged.size} ways`,
      `${group(payloads.published)} payloads of ${payloads.kinds.size} kinds through the telemetry rules`,
      `${group(frontDoor.requests)} HTTP requests, mutated or forged from ${frontDoor.corpus} real ones of every service`,
      `${group(frontDoor.rubbish)} connections of plain rubbish on both ports`,
    ],
    figures: {
      'packets, payloads and requests': total,
      'packets answered for certain': broker.answered,
      'connections that the broker ended': broker.endedByServer,
      'ordinary conversations ended by the broker': sum(broker.unprovoked),
      'publishes acknowledged': payloads.acknowledged,
      'dead letters read': payloads.letters,
      'real requests answered with success': frontDoor.accepted,
      'requests answered with success': among(frontDoor.statuses, 200, 399),
      'requests refused': among(frontDoor.statuses, 400, 499),
      'requests refused as not implemented': frontDoor.statuses.get(501) ?? 0,
      'longest blocked, ms': blocked,
      'memory before, MB': megabytes(memoryBefore),
      'memory after, MB': megabytes(memoryAfter),
      'per second': Math.round(total / seconds),
    },
    invariants,
  };
}

async function throwEverything(
  subject: Subject,
  dice: Dice,
  faults: Faults,
  size: FuzzSize,
  devices: readonly Device[],
  say: Say,
): Promise<{ payloads: PayloadTally; frontDoor: FrontDoorTally; broker: BrokerTally; blocked: number }> {
  const probe = new HealthProbe(subject);
  try {
    const common = { subject, devices, deadline: performance.now() + size.seconds * 1000, say };
    const payloads = await fuzzPayloads({ ...common, dice: dice.fork('payloads'), payloads: size.payloads });
    const { requests, rubbish } = size;
    const frontDoor = await fuzzFrontDoor({ ...common, dice: dice.fork('front door'), faults, requests, rubbish });
    const broker = await fuzzBroker({ ...common, dice: dice.fork('broker'), packets: size.packets });
    return { payloads, frontDoor, broker, blocked: probe.stop() };
  } finally {
    probe.stop();
  }
}

/** Devices with identities; they are stopped, so that others may speak in their name. */
async function onboard(subject: Subject, count: number): Promise<Device[]> {
  const devices = Array.from({ length: count }, (_, index) => subject.device(`FUZZ-${String(index).padStart(4, '0')}`));
  for (const device of devices) {
    await device.start();
    await device.stop();
  }
  return devices;
}

async function attempt(task: () => Promise<void>): Promise<string | undefined> {
  try {
    await task();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Own memory of the cloud once it is below `bound`, or after a rest. */
async function memoryAtRest(subject: Subject, bound: number): Promise<number> {
  const deadline = performance.now() + REST;
  for (;;) {
    const memory = ownMemory(subject.pid);
    if (memory <= bound || performance.now() > deadline) return memory;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function check(claim: string, held: boolean, found: string): Invariant {
  return { claim, held, found };
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function among(statuses: ReadonlyMap<number, number>, least: number, most: number): number {
  return sum(new Map([...statuses].filter(([status]) => status >= least && status <= most)));
}

function megabytes(bytes: number): number {
  return Math.round(bytes / MEGABYTE);
}
