import type { Device } from '../../../device-client/src/index.ts';
import { group, type PartResult } from '../part.ts';
import type { Setting } from '../setting.ts';
import type { Subject } from '../subject.ts';
import { findAcknowledged } from './find-acknowledged.ts';
import { judgeKill } from './judge-kill.ts';
import { KillRounds } from './kill-rounds.ts';
import { SentLedger } from './sent-ledger.ts';
import { Traffic } from './traffic.ts';

export interface KillSize {
  readonly kills: number;
  readonly devices: number;
  /** ms between two samples of one device */
  readonly interval: number;
  /** Bound of all kills together, s; what is not done by then is not tried. */
  readonly seconds: number;
}

export const FULL_KILL: KillSize = { kills: 50, devices: 4, interval: 40, seconds: 1_500 };
export const KILL_SAMPLE: KillSize = { kills: 2, devices: 2, interval: 40, seconds: 180 };

/** Longest pause between two attempts of a device to connect, ms: a kill every few seconds must find them connected. */
const MAX_RECONNECT_DELAY = 2_000;
/** ms in which everything given must be acknowledged once the cloud is left alone */
const FLUSH_TIMEOUT = 180_000;

/** Kills the cloud again and again while devices publish, and looks for every acknowledged sample in the end. */
export async function runKill(setting: Setting, size: KillSize): Promise<PartResult> {
  const { dice, faults, say, subject } = setting;
  const began = performance.now();
  const ledger = new SentLedger();
  const devices = await startDevices(subject, size.devices, ledger);
  const traffic = new Traffic(devices, dice.fork('traffic'), size.interval);
  try {
    const rounds = new KillRounds(subject, ledger, dice.fork('moments'));
    while (rounds.kills < size.kills && performance.now() < began + size.seconds * 1000) {
      const moment = await rounds.next(size.kills - rounds.kills);
      if (moment === undefined) break;
      say(`kill ${rounds.kills} of ${size.kills} (${moment}): ${group(ledger.samples)} samples acknowledged`);
    }
    traffic.stop();
    say('waiting until every sample is acknowledged and found');
    const stopped = performance.now();
    const running = rounds.failedStarts.length === 0;
    const flushed = running && (await within(FLUSH_TIMEOUT, flushAll(devices)));
    const acknowledgedMs = performance.now() - stopped;
    const found = running ? await findAcknowledged(subject, ledger) : undefined;
    const foundMs = performance.now() - stopped;
    const seconds = (performance.now() - began) / 1000;
    const findings = { rounds, ledger, traffic, faults, size, flushed, found, acknowledgedMs, foundMs, seconds };
    return judgeKill(findings, dice.seed);
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
