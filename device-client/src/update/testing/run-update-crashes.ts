import { verify } from 'node:crypto';
import { updateProofText } from '@fleetwright/contracts';
import { digestOf } from './firmware-fixture.ts';
import { SIGNED_AGAIN } from './simulated-cloud.ts';
import {
  type Crash,
  DEVICE_KEY,
  type Outcome,
  runDevice,
  type SimulatedDevice,
  settledSlots,
} from './simulated-device.ts';
import type { StopKind } from './simulated-disk.ts';
import { NEW_IMAGE, OLD_IMAGE, prepareScenario, UPDATE_SCENARIOS, type UpdateScenario } from './update-scenarios.ts';

export interface CrashTestOptions {
  /** Ways that a crash treats the disk. @default all, `torn` three times */
  readonly kinds?: readonly StopKind[];
  /** Every so many calls are crash points. @default 1, all of them */
  readonly stride?: number;
  /** A second crash at so many places of each recovery. @default 0 */
  readonly secondCrashes?: number;
  onScenario?(name: string, points: number, crashes: number): void;
}

export interface CrashTestReport {
  readonly scenarios: number;
  /** Calls to the outside at which the update was stopped. */
  readonly points: number;
  /** Runs with a crash, each driven to its end. */
  readonly crashes: number;
  readonly failures: readonly string[];
}

const ALL_KINDS: readonly StopKind[] = ['killed', 'lost', 'torn', 'torn', 'torn', 'lied'];

/**
 * Stops an update at every write and every call to the outside, in every way that a disk can be left, and drives it on.
 * Whatever happens: what boots has been verified, there is always something that boots, the update ends with the new firmware
 * or the old, and what the cloud is told is true and the same each time.
 */
export async function runUpdateCrashes(options: CrashTestOptions = {}): Promise<CrashTestReport> {
  const { kinds = ALL_KINDS, secondCrashes = 0, stride = 1 } = options;
  const failures: string[] = [];
  let points = 0;
  let crashes = 0;
  for (const scenario of UPDATE_SCENARIOS) {
    const device = await prepareScenario(scenario);
    const attempt = (run: readonly Crash[], seed: number) => runOnce(scenario, device(drawFrom(seed)), run, failures);
    const smooth = await attempt([], 1);
    const calls = smooth?.calls ?? 0;
    let own = 0;
    for (let at = 1; at <= calls; at += stride) {
      points++;
      for (const [variant, kind] of kinds.entries()) {
        const first = await attempt([{ at, kind }], at * 10 + variant);
        own++;
        if (first === undefined || secondCrashes === 0) continue;
        const step = Math.max(1, Math.floor((first.calls - at) / secondCrashes));
        for (let second = at + 1 + (variant % step); second < first.calls; second += step) {
          const both = [
            { at, kind },
            { at: second, kind },
          ];
          await attempt(both, second * 10 + variant);
          own++;
        }
      }
    }
    crashes += own;
    options.onScenario?.(scenario.name, calls, own);
  }
  return { scenarios: UPDATE_SCENARIOS.length, points, crashes, failures };
}

async function runOnce(
  scenario: UpdateScenario,
  device: SimulatedDevice,
  crashes: readonly Crash[],
  failures: string[],
): Promise<Outcome | undefined> {
  const where = crashes.map(({ at, kind }) => `${kind} at call ${at}`).join(', then ') || 'without a crash';
  try {
    const outcome = await runDevice(device, crashes);
    const hasLied = crashes.some(({ kind }) => kind === 'lied');
    const violations = outcome.violations.filter((what) => !(hasLied && what === SIGNED_AGAIN));
    const wrong = [...violations, ...(await objections(scenario, device, outcome, crashes))];
    failures.push(...wrong.map((what) => `${scenario.name}, ${where}: ${what}`));
    return outcome;
  } catch (error) {
    failures.push(`${scenario.name}, ${where}: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

async function objections(
  scenario: UpdateScenario,
  { cloud }: SimulatedDevice,
  { disk }: Outcome,
  crashes: readonly Crash[],
): Promise<string[]> {
  const wrong: string[] = [];
  const slots = await settledSlots(disk);
  if (slots.onTrial) wrong.push('a slot is still to be tried');
  if (slots.leftOver.length > 0) wrong.push(`left over: ${slots.leftOver.join(', ')}`);
  if (scenario.ends === 'cancelled' && cloud.final === undefined) {
    if (slots.version !== '1.0.0') wrong.push(`${slots.version} boots, though the job was cancelled`);
    return wrong;
  }
  const [status, entries] = JSON.parse(cloud.final ?? '["nothing",[]]') as [string, [string, string][]];
  const details = new Map(entries);
  const runsNew = slots.version === '2.0.0';
  if (status !== scenario.ends) wrong.push(`ends ${status} (${details.get('reason')}: ${details.get('detail')})`);
  if ((status === 'succeeded') !== runsNew) wrong.push(`told ${status}, but ${slots.version} boots`);
  if (details.get('firmware') !== slots.version) wrong.push(`told that ${details.get('firmware')} runs`);
  const sha256 = digestOf(runsNew ? NEW_IMAGE : OLD_IMAGE);
  if (details.get('imageSha256') !== sha256) wrong.push('told another digest than what runs has');
  if (!isProven(details)) wrong.push('the proof is not the device’s');
  // Where the last flush was a lie, the device knows that it has gone back, though it may have forgotten why.
  const hasForgotten = crashes.some(({ kind }) => kind === 'lied') && details.get('reason') === 'BOOT_LOOP';
  if (details.get('reason') !== scenario.reason && !hasForgotten) wrong.push(`reason ${details.get('reason')}`);
  return wrong;
}

function isProven(details: ReadonlyMap<string, string>): boolean {
  const text = updateProofText({
    thingName: 'pump',
    jobId: 'job-1',
    nonce: '0'.repeat(32),
    firmware: details.get('firmware') ?? '',
    slot: details.get('slot') ?? '',
    imageSha256: details.get('imageSha256') ?? '',
  });
  return verify('sha256', Buffer.from(text), DEVICE_KEY.publicKey, Buffer.from(details.get('proof') ?? '', 'base64'));
}

/** Even draws in [0, 1) that are the same for a seed (mulberry32). */
function drawFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
