import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Priority } from '../priority.ts';

export interface FullDiskOrder {
  readonly kind: 'fill' | 'drain';
  readonly directory: string;
  /** Number of the first item of a channel that gets one each round. */
  readonly from: number;
  readonly rounds: number;
  readonly itemBytes: number;
}

/** Alarms are few, so that they fit whatever else has to go. `every` so many rounds a channel gets an item. */
export const FULL_DISK_CHANNELS: readonly { channel: string; priority: Priority; every: number }[] = [
  { channel: 'alarm', priority: 'alarm', every: 50 },
  { channel: 'telemetry', priority: 'normal', every: 1 },
  { channel: 'event', priority: 'normal', every: 5 },
  { channel: 'log', priority: 'bulk', every: 1 },
];

const PROGRAM = fileURLToPath(new URL('full-disk-process.ts', import.meta.url));
/** A file system of our own needs a mount namespace, which not every kernel grants an ordinary user. */
const NAMESPACE = ['-Urm', 'sh', '-c'];
const ITEM_BYTES = 200;
/** ms; a machine that is busy otherwise takes minutes for the larger one */
const TIMEOUT = 900_000;
/** Rounds after the last kill. */
const MORE = 2_000;

export interface FullDiskSize {
  readonly mebibytes: number;
  /** About 7,500 for each MiB fill it once. */
  readonly rounds: number;
  /** Processes that fill it, one after the other, each killed while it is full. */
  readonly kills: number;
}

export const FULL_DISK_SAMPLE: FullDiskSize = { mebibytes: 4, rounds: 20_000, kills: 1 };
/** Filled several times over; about 500,000 items. */
export const FULL_DISK: FullDiskSize = { mebibytes: 32, rounds: 225_000, kills: 5 };

export interface FullDiskOutcome {
  readonly promised: number;
  readonly delivered: number;
  readonly refused: number;
  readonly dropped: number;
  /** What must not be. */
  readonly wrong: readonly string[];
}

export function canMakeSmallDisk(): boolean {
  return spawnSync('unshare', [...NAMESPACE, 'mount -t tmpfs -o size=1m tmpfs /mnt']).status === 0;
}

/** Fills a small disk several times over, kills the process at the full disk, goes on, and drains. */
export function runFullDisk({ kills, mebibytes, rounds }: FullDiskSize): FullDiskOutcome {
  const order = (kind: FullDiskOrder['kind'], from: number, rounds: number): string =>
    `'${JSON.stringify({ kind, directory: '/mnt/queue', from, rounds, itemBytes: ITEM_BYTES })}'`;
  const node = `${process.execPath} --import tsx ${PROGRAM}`;
  const share = Math.ceil(rounds / kills);
  const fills = Array.from({ length: kills }, (_, life) => `${node} ${order('fill', life * share, share)}`);
  const script =
    `mount -t tmpfs -o size=${mebibytes}m tmpfs /mnt && ` +
    `{ ${fills.join('; ')}; ${node} ${order('drain', kills * share, MORE)}; }`;
  const { error, stderr, stdout } = spawnSync('unshare', [...NAMESPACE, script], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
    timeout: TIMEOUT,
  });
  const outcome = judge(stdout);
  const trouble = error === undefined ? [] : [`the processes failed: ${error.message}; ${stderr}`];
  return { ...outcome, wrong: [...trouble, ...outcome.wrong] };
}

interface Account {
  readonly promised: number[];
  readonly delivered: number[];
  refused: number;
  dropped: number;
}

function judge(text: string): FullDiskOutcome {
  const accounts = new Map<string, Account>();
  let drained = false;
  for (const line of text.split('\n')) {
    const [kind, channel = '', amount] = line.split(' ');
    if (kind === 'e') drained = true;
    if (channel === '') continue;
    let account = accounts.get(channel);
    if (account === undefined) {
      account = { promised: [], delivered: [], refused: 0, dropped: 0 };
      accounts.set(channel, account);
    }
    if (kind === 'p') account.promised.push(Number(amount));
    else if (kind === 'd') account.delivered.push(Number(amount));
    else if (kind === 'r') account.refused++;
    else if (kind === 'x') account.dropped += Number(amount);
  }
  const wrong: string[] = drained ? [] : ['the last process did not drain the queue'];
  for (const [channel, account] of accounts) wrong.push(...faultsOf(channel, account));
  const sum = (of: (account: Account) => number): number =>
    [...accounts.values()].reduce((all, each) => all + of(each), 0);
  return {
    promised: sum(({ promised }) => promised.length),
    delivered: sum(({ delivered }) => delivered.length),
    refused: sum(({ refused }) => refused),
    dropped: sum(({ dropped }) => dropped),
    wrong,
  };
}

function faultsOf(channel: string, { delivered, dropped, promised, refused }: Account): string[] {
  const faults: string[] = [];
  const kept = promised.slice(promised.length - delivered.length);
  // In order, nothing invented, nothing twice, and the oldest gave way.
  if (delivered.some((number, index) => number !== kept[index])) faults.push(`not the newest in order: ${channel}`);
  const lost = promised.length - delivered.length + refused - dropped;
  if (lost !== 0) faults.push(`not told: ${lost} of ${channel} are missing that were not counted as dropped`);
  if (channel === 'alarm' && delivered.length < promised.length) faults.push('an alarm was dropped');
  if (channel === 'alarm' && refused > 0) faults.push('an alarm was refused');
  return faults;
}
