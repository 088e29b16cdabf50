import { generateKeyPairSync, sign } from 'node:crypto';
import type { TrustedKeySet } from '@fleetwright/contracts';
import type { DeviceLog, FeatureContext } from '../../feature.ts';
import type { DeviceIdentity } from '../../identity/identity-store.ts';
import { type JobExecution, JobStopped } from '../../jobs/job-handler.ts';
import type { StateDirectory } from '../../state-directory.ts';
import { chooseBoot } from '../launcher/choose-boot.ts';
import { DirectorySlots } from '../slots/directory-slots.ts';
import { type DirectorySlotName, otherSlot, SlotLayout } from '../slots/slot-layout.ts';
import { UpdateFeature, type UpdateOptions } from '../update-feature.ts';
import { digestOf } from './firmware-fixture.ts';
import { JumpingClock } from './jumping-clock.ts';
import type { SimulatedCloud } from './simulated-cloud.ts';
import type { SimulatedDisk, StopKind } from './simulated-disk.ts';
import { StoppingMachine } from './stopping-machine.ts';

export const ROOT = '/slots';
const STATE = '/state';
/** Boots after which a device that has not come to an end never will. */
const MAX_BOOTS = 30;

export const DEVICE_KEY = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What a program does that boots. */
export type Behaviour = 'works' | 'fails-its-test' | 'crashes' | 'throws-in-its-test';

const ignore = (): void => {};
const silent: DeviceLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };

export interface SimulatedDevice {
  readonly disk: SimulatedDisk;
  readonly cloud: SimulatedCloud;
  readonly keys: TrustedKeySet;
  readonly now: number;
  /** By the digest of an image: nothing else may ever boot. */
  readonly behaviours: ReadonlyMap<string, Behaviour>;
  readonly draw: () => number;
}

export interface Crash {
  /** The call to the outside at which the machine stops, counted from 1. */
  readonly at: number;
  readonly kind: StopKind;
}

export interface Outcome {
  readonly disk: SimulatedDisk;
  /** Calls of all boots. */
  readonly calls: number;
  readonly boots: number;
  readonly violations: readonly string[];
}

/**
 * Boots the device again and again, with its crashes, until it has told the cloud how its job ended, twice: what is told
 * again must be the same. Calls are counted through all boots.
 */
export async function runDevice(device: SimulatedDevice, crashes: readonly Crash[] = []): Promise<Outcome> {
  const violations: string[] = [];
  let { disk } = device;
  let calls = 0;
  let told = 0;
  for (let boots = 1; boots <= MAX_BOOTS; boots++) {
    const crash = crashes.find(({ at }) => at > calls);
    const machine = new StoppingMachine(crash === undefined ? undefined : crash.at - calls);
    disk.machine = machine;
    const end = await Promise.race([boot(device, disk, machine, violations), machine.stopped.then(() => 'stopped')]);
    machine.end();
    calls += machine.calls;
    if (end === 'told' && ++told === 2)
      return { disk, calls, boots, violations: [...violations, ...device.cloud.violations] };
    const kind = end === 'stopped' && crash?.at === calls ? crash.kind : cleanKind(crashes);
    disk = disk.reboot(kind, new StoppingMachine(), device.draw);
  }
  throw new Error(`after ${MAX_BOOTS} boots the device has not come to an end`);
}

/** A reboot that is meant loses what was not flushed, too. */
function cleanKind([crash]: readonly Crash[]): StopKind {
  return crash === undefined || crash.kind === 'killed' ? 'killed' : 'lost';
}

async function boot(
  device: SimulatedDevice,
  disk: SimulatedDisk,
  machine: StoppingMachine,
  violations: string[],
): Promise<'told' | 'stopped'> {
  const choice = await chooseBoot(disk, ROOT);
  const bytes = disk.content(choice.path) ?? Buffer.alloc(0);
  const behaviour = device.behaviours.get(digestOf(bytes));
  if (behaviour === undefined) {
    violations.push(`slot ${choice.slot} boots an image that nobody has signed`);
    throw new Error(violations.at(-1));
  }
  if (behaviour === 'crashes') return 'stopped';
  const clock = new JumpingClock(device.now);
  void machine.stopped.then(() => {
    clock.stopped = true;
  });
  const feature = featureOf(device, disk, machine, choice.slot, behaviour);
  await feature.start(contextOf(machine, clock));
  const result = await feature.handler.run(executionOf(device, machine));
  if (!bytes.equals(disk.content(choice.path) ?? Buffer.alloc(0))) {
    violations.push(`slot ${choice.slot} was written while it ran`);
  }
  // A device that is about to restart does nothing more.
  if (result.status === 'resume') return new Promise(() => {});
  await machine.call(() => device.cloud.update(result));
  await machine.call(() => {});
  return 'told';
}

export function featureOf(
  device: SimulatedDevice,
  disk: SimulatedDisk,
  machine: StoppingMachine,
  running: DirectorySlotName,
  behaviour: Behaviour,
  more: Partial<UpdateOptions> = {},
): UpdateFeature {
  return new UpdateFeature({
    disk,
    slots: new DirectorySlots({ disk, root: ROOT, running }),
    reboot: { reboot: () => machine.call(() => machine.end()) },
    trustedKeys: device.keys,
    hardwareRevision: 'rev-b',
    http: device.cloud.http(machine),
    selfTest: {
      run: () =>
        machine.call(() => {
          if (behaviour === 'throws-in-its-test') throw new Error('the pump does not answer');
          return behaviour === 'works' ? { passed: true } : { passed: false, detail: 'pressure: no reading' };
        }),
    },
    ...more,
  });
}

export function contextOf(machine: StoppingMachine, clock: JumpingClock): FeatureContext {
  const unused = (): never => {
    throw new Error('an update does not need it');
  };
  return {
    identity: { thingName: 'pump' } as DeviceIdentity,
    address: { topicRoot: 'test', site: 'north', deviceType: 'pump-station', thingName: 'pump' },
    bootId: 1,
    link: {
      connected: true,
      get client(): never {
        return unused();
      },
      publish: () => machine.look(() => {}),
      subscribe: unused,
      onConnected: (task) => {
        task();
        return () => {};
      },
      onInterrupted: () => () => {},
    },
    state: { path: STATE } as StateDirectory,
    clock,
    random: () => 0.5,
    sign: async (bytes) => sign('sha256', bytes, DEVICE_KEY.privateKey),
    log: silent,
    signal: new AbortController().signal,
  };
}

export function executionOf({ cloud }: SimulatedDevice, machine: StoppingMachine): JobExecution<'update'> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort(new JobStopped('cancelled', 'the job is cancelled'));
  cloud.cancellation.addEventListener('abort', cancel);
  if (cloud.cancelled) cancel();
  return {
    jobId: 'job-1',
    executionNumber: 1,
    document: cloud.describe(),
    attempt: 1,
    progress: undefined,
    signal: abort.signal,
    keep: () => {},
    report: () => {},
    renew: () => machine.call(() => cloud.describe()),
  };
}

/** What boots by itself at the end, and whether another slot is still to be tried. */
export async function settledSlots(disk: SimulatedDisk): Promise<{
  readonly version: string | undefined;
  readonly onTrial: boolean;
  readonly leftOver: readonly string[];
}> {
  disk.machine = new StoppingMachine();
  const layout = new SlotLayout(disk, ROOT);
  const current = await layout.current();
  const trial = await layout.trial();
  return {
    version: current === undefined ? undefined : (await layout.wholeImage(current))?.version,
    onTrial: current !== undefined && trial?.slot === otherSlot(current) && trial.left > 0,
    leftOver: (await disk.list(STATE)).filter((name) => name.endsWith('.part') || name === 'manifest'),
  };
}
