import type { Device } from '../../../device-client/src/index.ts';
import { goodDevice } from '../good-device.ts';
import { HealthProbe } from '../health-probe.ts';
import type { PartResult } from '../part.ts';
import { ownMemory } from '../process-tree.ts';
import type { Setting } from '../setting.ts';
import type { Subject } from '../subject.ts';
import { fuzzBroker } from './fuzz-broker.ts';
import { fuzzFrontDoor } from './fuzz-front-door.ts';
import { fuzzPayloads } from './fuzz-payloads.ts';
import { type FuzzFindings, judgeFuzz, MEGABYTE } from './judge-fuzz.ts';

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
}

export const FULL_FUZZ: FuzzSize = {
  packets: 850_000,
  payloads: 100_000,
  requests: 60_000,
  rubbish: 10_000,
  devices: 6,
  seconds: 1_500,
  blockedMs: 5_000,
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
};

/**
 * Own memory that the cloud may have gained in all when it is at rest again, bytes: the engine behind Timestream may keep
 * 1 GB of what it has read and written, and the rest is for what was stored and for garbage not collected yet.
 */
const MEMORY_GAIN = 1_250 * MEGABYTE;
/** The same for the packets alone, most of which leave nothing behind. */
const PACKETS_MEMORY_GAIN = 300 * MEGABYTE;
/** ms that the cloud may take to come to rest before its memory is read */
const REST = 60_000;

/** Rubbish on every way into the cloud; afterwards it must be as before. `subject` is running and stays so. */
export async function runFuzz(setting: Setting, size: FuzzSize): Promise<PartResult> {
  const { dice, faults, subject } = setting;
  const began = performance.now();
  const devices = await onboard(subject, size.devices);
  await goodDevice(subject, 'VERIFY-BEFORE');
  const memoryBefore = ownMemory(subject.pid);
  const thrown = await throwEverything(setting, size, devices);
  const alive = subject.ended === undefined;
  const afterwards = alive ? await attempt(() => goodDevice(subject, 'VERIFY-AFTER')) : 'the process is gone';
  const memoryBound = memoryBefore + MEMORY_GAIN;
  const packetsMemoryBound = thrown.memoryBeforePackets + PACKETS_MEMORY_GAIN;
  const memoryAfter = alive ? await memoryAtRest(subject, Math.min(memoryBound, packetsMemoryBound)) : Number.NaN;
  const findings: FuzzFindings = {
    ...thrown,
    ended: subject.ended,
    afterwards,
    faults,
    goal: size.packets + size.payloads + size.requests + size.rubbish,
    blockedBound: size.blockedMs,
    memoryBefore,
    memoryAfter,
    memoryBound,
    packetsMemoryBound,
  };
  return judgeFuzz(findings, dice.seed, (performance.now() - began) / 1000);
}

type Thrown = Pick<FuzzFindings, 'payloads' | 'frontDoor' | 'broker' | 'blocked' | 'memoryBeforePackets'>;

async function throwEverything(setting: Setting, size: FuzzSize, devices: readonly Device[]): Promise<Thrown> {
  const { dice, faults, say, subject } = setting;
  const probe = new HealthProbe(subject);
  try {
    const common = { subject, devices, deadline: performance.now() + size.seconds * 1000, say };
    const payloads = await fuzzPayloads({ ...common, dice: dice.fork('payloads'), payloads: size.payloads });
    const { requests, rubbish } = size;
    const frontDoor = await fuzzFrontDoor({ ...common, dice: dice.fork('front door'), faults, requests, rubbish });
    const memoryBeforePackets = subject.ended === undefined ? ownMemory(subject.pid) : Number.NaN;
    const broker = await fuzzBroker({ ...common, dice: dice.fork('broker'), packets: size.packets });
    return { payloads, frontDoor, broker, blocked: probe.stop(), memoryBeforePackets };
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
