import type { Device } from '../../../device-client/src/index.ts';
import { takeLetters } from '../dead-letters.ts';
import type { Dice } from '../dice.ts';
import type { Faults } from '../faults.ts';
import { group, type PartResult } from '../part.ts';
import { type ProcessMark, processTree, survivors } from '../process-tree.ts';
import type { Setting } from '../setting.ts';
import type { Subject } from '../subject.ts';
import { SentLedger } from './sent-ledger.ts';
import { type Reckoning, reckon } from './stored-rows.ts';
import { Traffic } from './traffic.ts';

export interface KillSize {
  readonly kills: number;
  readonly devices: number;
  /** ms between two samples of one device */
  readonly interval: number;
  /** Bound of the whole part, s; what is not done by then is not tried. */
  readonly seconds: number;
}

export const FULL_KILL: KillSize = { kills: 50, devices: 4, interval: 40, seconds: 1_500 };
export const KILL_SAMPLE: KillSize = { kills: 2, devices: 2, interval: 25, seconds: 180 };

/** Longest pause between two attempts of a device to connect, ms: a kill every few seconds must find them connected. */
const MAX_RECONNECT_DELAY = 2_000;
/** ms in which devices that are kept waiting must be acknowledged again */
const RECONNECT_TIMEOUT = 90_000;
/** ms in which everything acknowledged must be found */
const SETTLE_TIMEOUT = 180_000;
/** ms in which processes of a killed cloud must end */
const ORPHAN_TIMEOUT = 15_000;

/** What went wrong, by invariant. */
interface Findings {
  readonly starts: string[];
  readonly changes: string[];
  readonly orphans: string[];
}

/** Kills the cloud again and again while devices publish, and looks for every acknowledged sample in the end. */
export async function runKill(setting: Setting, size: KillSize): Promise<PartResult> {
  const { dice, faults, say, subject } = setting;
  const began = performance.now();
  const deadline = began + size.seconds * 1000;
  const ledger = new SentLedger();
  const devices = await startDevices(subject, size.devices, ledger);
  const outputs = JSON.stringify(subject.platform.outputs);
  const traffic = new Traffic(devices, dice.fork('traffic'), size.interval);
  const findings: Findings = { starts: [], changes: [], orphans: [] };
  const moments = dice.fork('moments');
  let kills = 0;
  let killsWhileStarting = 0;
  let startMs = 0;
  let longestSilence = 0;
  try {
    while (kills < size.kills && performance.now() < deadline && findings.starts.length === 0) {
      const moment = moments.weighted({ 'under traffic': 60, 'after a start': 15, 'while starting': 25 });
      if (moment === 'under traffic') {
        const since = performance.now();
        await acknowledgedAgain(ledger);
        longestSilence = Math.max(longestSilence, performance.now() - since);
        await pause(moments.int(2_500));
      } else await pause(moments.int(1_000));
      let marks = await subject.kill();
      kills++;
      try {
        if (moment === 'while starting' && kills < size.kills) {
          marks = [...marks, ...(await interruptedStart(subject, moments.int(1_200)))];
          kills++;
          killsWhileStarting++;
        }
        const starting = performance.now();
        await subject.start();
        startMs = Math.max(startMs, performance.now() - starting);
      } catch (error) {
        findings.starts.push(`after kill ${kills}: ${error instanceof Error ? error.message : String(error)}`);
        break;
      }
      noteChanges(subject, outputs, findings);
      const left = await leftOver(marks);
      findings.orphans.push(...left.map(({ command, pid }) => `${command} (${pid}) after kill ${kills}`));
      say(`kill ${kills} of ${size.kills} (${moment}): ${group(ledger.samples)} samples acknowledged`);
    }
    traffic.stop();
    say('waiting until every sample is acknowledged and found');
    const waiting = performance.now();
    const flushed = findings.starts.length === 0 && (await within(SETTLE_TIMEOUT, flushAll(devices)));
    const acknowledgedMs = performance.now() - waiting;
    const outcome = findings.starts.length === 0 ? await settle(subject, ledger) : undefined;
    const foundMs = performance.now() - waiting;
    return report({
      dice,
      faults,
      size,
      subject,
      ledger,
      traffic,
      findings,
      outcome,
      flushed,
      began,
      kills,
      killsWhileStarting,
      startMs,
      longestSilence,
      acknowledgedMs,
      foundMs,
    });
  } finally {
    traffic.stop();
    await Promise.all(devices.map((device) => device.stop()));
  }
}

async function startDevices(subject: Subject, count: number, ledger: SentLedger): Promise<Device[]> {
  const devices = Array.from({ length: count }, (_, index) =>
    subject.device(`KILL-${String(index).padStart(4, '0')}`, {
      maxReconnectDelay: MAX_RECONNECT_DELAY,
      samplesPerMessage: 2 + 4 * (index % 2),
    }),
  );
  for (const device of devices) {
    ledger.follow(device);
    await device.start();
  }
  return devices;
}

/** Resolves at the first acknowledgement from now on. @throws Error when devices do not come back */
async function acknowledgedAgain(ledger: SentLedger): Promise<void> {
  const before = ledger.messages.size;
  const deadline = performance.now() + RECONNECT_TIMEOUT;
  while (ledger.messages.size === before) {
    if (performance.now() > deadline)
      throw new Error(`no device was acknowledged within ${RECONNECT_TIMEOUT} ms of a start`);
    await pause(20);
  }
}

/** Starts, and kills `delay` ms after the listeners are open or when the start is done, whichever comes first. */
async function interruptedStart(subject: Subject, delay: number): Promise<ProcessMark[]> {
  let marks: ProcessMark[] | undefined;
  let timer: NodeJS.Timeout | undefined;
  const strike = (pid: number): void => {
    const [, ...below] = processTree(pid);
    marks = below;
    process.kill(pid, 'SIGKILL');
  };
  try {
    await subject.start(({ pid }) => {
      timer = setTimeout(() => strike(pid), delay);
    });
    clearTimeout(timer);
    return marks ?? (await subject.kill());
  } catch (error) {
    if (marks === undefined) throw error;
    return marks;
  }
}

function noteChanges(subject: Subject, outputs: string, findings: Findings): void {
  for (const { action, logicalId, stackName } of subject.steps) {
    if (action !== 'unchanged') findings.changes.push(`${action} ${stackName}.${logicalId}`);
  }
  const now = JSON.stringify(subject.platform.outputs);
  if (now !== outputs) findings.changes.push(`outputs ${now} instead of ${outputs}`);
}

async function leftOver(marks: readonly ProcessMark[]): Promise<ProcessMark[]> {
  const deadline = performance.now() + ORPHAN_TIMEOUT;
  for (;;) {
    const left = survivors(marks);
    if (left.length === 0 || performance.now() > deadline) return left;
    await pause(50);
  }
}

interface Outcome extends Reckoning {
  readonly letters: number;
  /** Acknowledged samples that are neither stored nor in a dead letter. */
  readonly lost: readonly string[];
}

async function settle(subject: Subject, ledger: SentLedger): Promise<Outcome> {
  const deadline = performance.now() + SETTLE_TIMEOUT;
  const letters = new Set<string>();
  for (;;) {
    const reckoning = await reckon(subject, ledger);
    for (const { payload } of await takeLetters(subject)) letters.add(payload.toString('utf8'));
    const inLetters = new Set(
      [...ledger.messages].filter(([, message]) => letters.has(JSON.stringify(message))).map(([key]) => key),
    );
    const lost = reckoning.missing.filter((sample) => !inLetters.has(sample.replace(/ sample \d+$/, '')));
    if (lost.length === 0 || performance.now() > deadline) return { ...reckoning, letters: letters.size, lost };
    await pause(500);
  }
}

interface ReportInput {
  readonly dice: Dice;
  readonly faults: Faults;
  readonly size: KillSize;
  readonly subject: Subject;
  readonly ledger: SentLedger;
  readonly traffic: Traffic;
  readonly findings: Findings;
  readonly outcome: Outcome | undefined;
  readonly flushed: boolean;
  readonly began: number;
  readonly kills: number;
  readonly killsWhileStarting: number;
  readonly startMs: number;
  readonly longestSilence: number;
  /** From the last sample given to the last one acknowledged, and found. */
  readonly acknowledgedMs: number;
  readonly foundMs: number;
}

function report(input: ReportInput): PartResult {
  const { findings, faults, kills, ledger, outcome, size, traffic } = input;
  const list = (found: readonly string[]): string =>
    found.length === 0 ? 'none' : `${found.length}: ${found.slice(0, 5).join('; ')}`;
  return {
    part: 'kill',
    seed: input.dice.seed,
    seconds: Math.round((performance.now() - input.began) / 1000),
    tried: [
      `${kills} kills with SIGKILL at seeded random moments, ${input.killsWhileStarting} of them while the cloud was starting, each followed by a start on the same data directory`,
      `${size.devices} devices publish QoS 1 on telemetry and event all the while, and reconnect by themselves`,
    ],
    figures: {
      kills,
      'samples given to the devices': traffic.given,
      'samples acknowledged': ledger.samples,
      'rows stored': outcome?.rows ?? 0,
      'dead letters': outcome?.letters ?? 0,
      'interrupted connections': ledger.interruptions,
      'publishes repeated': ledger.retries,
      'longest start, ms': Math.round(input.startMs),
      'longest wait for an acknowledgement after a start, ms': Math.round(input.longestSilence),
      'last sample acknowledged after, ms': Math.round(input.acknowledgedMs),
      'last sample found after, ms': Math.round(input.foundMs),
    },
    invariants: [
      {
        claim: 'the whole number of kills was tried within the time',
        held: kills >= size.kills,
        found: `${kills} of ${size.kills}`,
      },
      { claim: 'every start after a kill succeeds', held: findings.starts.length === 0, found: list(findings.starts) },
      {
        claim: 'resources and outputs are unchanged after each start',
        held: findings.changes.length === 0,
        found: list(findings.changes),
      },
      { claim: 'processes of a killed cloud end', held: findings.orphans.length === 0, found: list(findings.orphans) },
      {
        claim: 'every sample given is acknowledged in the end',
        held: input.flushed && ledger.samples === traffic.given,
        found: `${group(ledger.samples)} of ${group(traffic.given)}, ${traffic.refused} refused`,
      },
      {
        claim: 'every acknowledged sample is found by a query or in a dead letter',
        held: outcome !== undefined && outcome.lost.length === 0,
        found: outcome === undefined ? 'the cloud did not start' : list(outcome.lost),
      },
      {
        claim: 'nothing is stored twice, and nothing that was not sent',
        held: outcome !== undefined && outcome.surplus.length === 0 && outcome.rows === outcome.distinctRows,
        found:
          outcome === undefined
            ? 'the cloud did not start'
            : `${group(outcome.rows)} rows, ${group(outcome.distinctRows)} distinct; surplus ${list(outcome.surplus)}`,
      },
      {
        claim: 'no fault in the log',
        held: faults.count === 0,
        found: faults.count === 0 ? 'none' : faults.describe().join('; '),
      },
    ],
  };
}

async function flushAll(devices: readonly Device[]): Promise<void> {
  await Promise.all(devices.map((device) => device.flush()));
}

/** False when `task` is not done in time. */
async function within(milliseconds: number, task: Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  const done = await Promise.race([task.then(() => true), late]);
  clearTimeout(timer);
  return done;
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
