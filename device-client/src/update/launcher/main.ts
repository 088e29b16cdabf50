import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { systemClock } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { DeviceLog } from '../../feature.ts';
import { nodeDisk } from '../disk/node-disk.ts';
import { createFirstSlot } from '../slots/directory-slots.ts';
import { launch, type RunningProgram } from './launcher.ts';
import { programEnvironment } from './slot-environment.ts';

const USAGE = `usage: launcher --slots <directory> [--first-image <file> --first-version <version>]
                [--trial-seconds <seconds>] -- <command> [arguments with {image}]

Starts the program of one of two slots; see docs/decisions/0030-updates-that-cannot-brick.md.`;

const line = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
  void process.stderr.write(
    `${JSON.stringify({ time: new Date(systemClock.now()).toISOString(), level, part: 'launcher', message, ...fields })}\n`,
  );
const log: DeviceLog = { debug: () => {}, info: line('info'), warn: line('warn'), error: line('error') };

function start(command: readonly string[], variables: Readonly<Record<string, string>>): RunningProgram {
  const [file = '', ...rest] = command;
  const child = spawn(file, rest, { stdio: 'inherit', env: programEnvironment(variables) });
  return {
    ended: new Promise((done) => {
      child.once('exit', (code, signal) => done(code ?? signal ?? 1));
      child.once('error', (error) => {
        log.error('the program does not start', { reason: reasonOf(error) });
        done(127);
      });
    }),
    kill: (signal) => void child.kill(signal),
  };
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    options: {
      slots: { type: 'string' },
      'first-image': { type: 'string' },
      'first-version': { type: 'string' },
      'trial-seconds': { type: 'string', default: '600' },
    },
    allowPositionals: true,
  });
  const trialSeconds = Number(values['trial-seconds']);
  if (values.slots === undefined || positionals.length === 0 || !(trialSeconds > 0)) {
    process.stderr.write(`${USAGE}\n`);
    return 2;
  }
  const root = resolve(values.slots);
  const { 'first-image': image, 'first-version': version } = values;
  if (image !== undefined && version !== undefined) await createFirstSlot(nodeDisk, root, image, version);
  const abort = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => abort.abort());
  return launch({
    disk: nodeDisk,
    root,
    command: positionals,
    start,
    trialTime: trialSeconds * 1_000,
    clock: systemClock,
    random: Math.random,
    log,
    signal: abort.signal,
  });
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error) => {
    log.error('nothing can be started', { reason: reasonOf(error) });
    process.exitCode = 1;
  },
);
