import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { SyncPolicy } from '../options.ts';
import { KillAccount, type KillChannel, type KillOrder } from './kill-report.ts';

const PROGRAM = fileURLToPath(new URL('kill-process.ts', import.meta.url));
/** Of three priorities, all taken as they come. */
export const PROMPT_CHANNELS: readonly KillRunChannel[] = [
  { channel: 'telemetry', priority: 'normal', lags: false },
  { channel: 'event', priority: 'normal', lags: false },
  { channel: 'alarm', priority: 'alarm', lags: false },
  { channel: 'log', priority: 'bulk', lags: false },
];
/** What the second leaves behind is in every segment of the first. */
export const LAGGING_CHANNELS: readonly KillRunChannel[] = [
  { channel: 'telemetry', priority: 'normal', lags: false },
  { channel: 'diagnosis', priority: 'normal', lags: true },
];
/** Of a torn tail. */
const MOST_TORN_BYTES = 300;
/** Kills after which the file that was written to gets a torn tail, as a power cut would leave one. */
const TORN_EVERY = 3;

export type KillRunChannel = Pick<KillChannel, 'channel' | 'priority' | 'lags'>;

export interface KillRun {
  readonly channels: readonly KillRunChannel[];
  /** Of the queue's files. */
  readonly maxBytes: number;
  readonly directory: string;
  readonly sync: SyncPolicy;
  readonly kills: number;
  /** All channels together. */
  readonly samples: number;
  readonly group: number;
  /** ms, even draws between them */
  readonly life: readonly [number, number];
  /** ms in which the last life must have drained everything */
  readonly patience: number;
  readonly draw: () => number;
  onKill?(kills: number, account: KillAccount): void;
}

export interface KillOutcome {
  readonly account: KillAccount;
  readonly kills: number;
  readonly tornTails: number;
}

/** Kills a process that fills and drains a queue, again and again, and lets the last one drain it to the end. */
export async function runKills(run: KillRun): Promise<KillOutcome> {
  // Of each channel. A life puts as much as it can, but not more than its share of the room: every kill finds work.
  const most = run.samples + (run.kills + 2) * run.group;
  const prompt = run.channels.filter(({ lags }) => !lags);
  const share = Math.ceil((run.samples * Math.max(1, prompt.length - 1)) / run.kills);
  const account = new KillAccount(
    run.channels.map(({ channel }) => channel),
    most,
  );
  const order = (until: (channel: KillRunChannel) => number): KillOrder => ({
    directory: run.directory,
    sync: run.sync,
    group: run.group,
    maxBytes: run.maxBytes,
    drain: false,
    channels: run.channels.map((channel) => ({
      ...channel,
      next: account.next(channel.channel),
      until: until(channel),
    })),
  });
  let kills = 0;
  let tornTails = 0;
  for (let lives = 0; lives < run.kills; lives++) {
    account.begin(run.group);
    const [least, longest] = run.life;
    const enough = account.stored + share;
    const milliseconds = least + run.draw() * (longest - least);
    if (
      await live(
        order(() => most),
        account,
        milliseconds,
        () => account.stored >= enough,
      )
    )
      kills++;
    if (lives % TORN_EVERY === 0 && tear(run.directory, run.draw)) tornTails++;
    run.onKill?.(kills, account);
  }
  // What is left to store is stored undisturbed.
  account.begin(run.group);
  const rest = Math.ceil(Math.max(0, run.samples - account.stored) / prompt.length);
  const furthest = Math.max(...prompt.map(({ channel }) => account.next(channel)));
  const last = order(({ lags }) => (rest === 0 || lags ? 0 : Math.min(most, furthest + rest)));
  if (await live(last, account, run.patience)) account.wrong.push('the last process did not drain the queue in time');
  else if (!account.drained) account.wrong.push('the last process failed');
  account.finish();
  return { account, kills, tornTails };
}

/**
 * Resolves at the end of the process: true when it was killed, `milliseconds` after its first sign of life or when it has
 * put enough.
 */
async function live(
  order: KillOrder,
  account: KillAccount,
  milliseconds: number,
  enough: () => boolean = () => false,
): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const closed = once(lines, 'close');
  const exit = once(child, 'exit');
  let timer: NodeJS.Timeout | undefined;
  account.drained = false;
  lines.on('line', (line) => {
    timer ??= killAfter(child, milliseconds);
    account.line(line);
    if (enough()) child.kill('SIGKILL');
  });
  const [, signal] = (await exit) as [number | null, NodeJS.Signals | null];
  await closed;
  clearTimeout(timer);
  return signal === 'SIGKILL';
}

function killAfter(child: ChildProcess, milliseconds: number): NodeJS.Timeout {
  return setTimeout(() => child.kill('SIGKILL'), milliseconds);
}

function tear(directory: string, draw: () => number): boolean {
  const last = readdirSync(directory)
    .filter((name) => name.startsWith('1-'))
    .sort()
    .at(-1);
  if (last === undefined) return false;
  const rubbish = Buffer.alloc(1 + Math.floor(draw() * MOST_TORN_BYTES), Math.floor(draw() * 256));
  appendFileSync(join(directory, last), rubbish);
  return true;
}
