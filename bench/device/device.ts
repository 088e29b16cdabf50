import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchOptions } from '../bench-options.ts';
import { type CloudUnderTest, startCloudUnderTest } from '../broker/cloud-under-test.ts';
import { benchDevice } from './bench-device.ts';
import { bundleWorker } from './bundle-worker.ts';
import type { LoadFigures, MeasuredProcess } from './device-order.ts';
import { startAgent } from './measured-agent.ts';
import { startWorker } from './measured-worker.ts';
import { packagedProgram } from './packaged-program.ts';

const ROUNDS = 5;
const DEFAULT_SECONDS = 300;
/** Of the time: before anything is measured, V8 has compiled what is used often. A device runs for years. */
const WARM_SHARE = 0.45;
const BESIDE_BARE = ['memory', 'disk', 'disk, synced', 'agent'] as const;
const KINDS = ['bare', ...BESIDE_BARE] as const;
type Kind = (typeof KINDS)[number];
/** AWS's limit of a connection is 100; the agent keeps to 80 of it in the long run, and nothing is to queue up here. */
const MESSAGES_PER_SECOND = 75;
const MIB = 1024 * 1024;

interface Measured {
  readonly kind: Kind;
  readonly running: MeasuredProcess;
  readonly loads: LoadFigures[];
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/**
 * What the agent costs beside a bare client of the same SDK: memory at rest and under load, processor time for 1,000
 * messages, throughput. Each is a process of its own with a connection of its own to one local cloud, over mTLS. All are
 * under load at the same time, so what the machine does meanwhile it does to all of them.
 */
export async function run({ json, seconds = DEFAULT_SECONDS }: BenchOptions): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-device-'));
  const cloud = await startCloudUnderTest(join(directory, 'cloud'));
  const measured: Measured[] = [];
  try {
    for (const kind of KINDS) measured.push({ kind, running: await start(kind, cloud, directory), loads: [] });
    const warmSeconds = Math.max(2, Math.round(seconds * WARM_SHARE));
    say(`${warmSeconds} s of load for all, side by side, to warm up`);
    await Promise.all(measured.map(({ running }) => running.load(warmSeconds)));
    const slice = Math.max(2, Math.round((seconds - warmSeconds) / ROUNDS));
    for (let round = 1; round <= ROUNDS; round++) {
      say(`round ${round} of ${ROUNDS}: ${slice} s`);
      await Promise.all(measured.map(async ({ loads, running }) => loads.push(await running.load(slice))));
    }
    const result = {
      bench: 'device',
      ...packagedProgram(),
      rounds: ROUNDS,
      warmSeconds,
      seconds: slice,
      ...resultOf(measured),
    };
    if (!json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    return result;
  } finally {
    await Promise.all(measured.map(({ running }) => running.stop()));
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function start(kind: Kind, cloud: CloudUnderTest, directory: string): Promise<MeasuredProcess> {
  say(`starting: ${kind}`);
  const place = await benchDevice(cloud.description, directory, kind.replace(', ', '-'));
  if (kind === 'agent') {
    const agent = await bundleWorker('agent', 'device-client/src/agent/main.ts');
    return startAgent(agent, cloud.description, place, directory, MESSAGES_PER_SECOND);
  }
  const entry = await bundleWorker(
    kind === 'bare' ? 'bare' : 'queue',
    `bench/device/${kind === 'bare' ? kind : 'queue'}-worker.ts`,
  );
  return startWorker(entry, { ...place, kind, messagesPerSecond: MESSAGES_PER_SECOND });
}

function resultOf(measured: readonly Measured[]): object {
  const of = (kind: Kind): readonly LoadFigures[] => measured.find((one) => one.kind === kind)?.loads ?? [];
  const most = (kind: Kind): number => Math.max(...of(kind).map(({ loadBytes }) => loadBytes));
  const typical = (kind: Kind, name: keyof LoadFigures): number => median(of(kind).map((figures) => figures[name]));
  /** Of each round, then of all: a machine that was slower for a while was so for both. */
  const ratio = (kind: Kind, name: keyof LoadFigures, to: Kind = 'bare'): number =>
    rounded(median(of(kind).map((figures, round) => figures[name] / (of(to)[round] as LoadFigures)[name])), 3);
  const toBare = (kinds: readonly Kind[], figure: (kind: Kind) => number): Record<string, number> =>
    Object.fromEntries(kinds.map((kind) => [kind, figure(kind)]));
  return {
    messagesPerSecond: MESSAGES_PER_SECOND,
    figures: measured.map(({ kind, running }) => ({
      kind,
      restMegabytes: rounded(running.rest.restBytes / MIB, 1),
      loadMegabytes: rounded(most(kind) / MIB, 1),
      cpuMillisecondsPer1000: Math.round(typical(kind, 'cpuMilliseconds')),
      messagesPerSecond: rounded(typical(kind, 'messagesPerSecond'), 1),
    })),
    /** Aim: 1.3 at most. */
    residentToBare: toBare(BESIDE_BARE, (kind) => rounded(most(kind) / most('bare'), 3)),
    throughputBareToQueue: toBare(BESIDE_BARE, (kind) => rounded(1 / ratio(kind, 'messagesPerSecond'), 3)),
    cpuToBare: toBare(BESIDE_BARE, (kind) => ratio(kind, 'cpuMilliseconds')),
    cpuDiskToMemory: ratio('disk', 'cpuMilliseconds', 'memory'),
    cpuSyncedToMemory: ratio('disk, synced', 'cpuMilliseconds', 'memory'),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
