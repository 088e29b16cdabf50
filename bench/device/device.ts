import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { BenchOptions } from '../bench-options.ts';
import { startCloudUnderTest } from '../broker/cloud-under-test.ts';
import { benchDevice } from './bench-device.ts';
import { bundleWorker } from './bundle-worker.ts';
import { type DeviceFigures, type DeviceOrder, REST } from './device-order.ts';
import { measureAgent } from './measure-agent.ts';

const ROUNDS = 3;
const DEFAULT_SECONDS = 300;
/** Of a slice: before anything is measured, V8 has compiled what is used often. */
const WARM_SHARE = 0.4;
/** ms that a measured process may take beyond what it measures: to start, to connect, and to have the last messages acknowledged */
const PATIENCE = 60_000;
const KINDS = ['bare', 'memory', 'disk', 'disk, synced'] as const;
/** AWS's limit of a connection is 100; the agent keeps to 80 of it in the long run, and nothing is to queue up here. */
const MESSAGES_PER_SECOND = 75;
const MIB = 1024 * 1024;
const OVERHEAD_SECONDS = 4;
const runFile = promisify(execFile);

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** @throws Error with the worker's last words, when it does not come to its end in time */
async function measureWorker(entry: string, order: DeviceOrder): Promise<DeviceFigures> {
  const timeout = (order.warmSeconds + order.seconds) * 1_000 + REST + PATIENCE;
  try {
    const { stdout } = await runFile(process.execPath, [entry, JSON.stringify(order)], {
      timeout,
      killSignal: 'SIGKILL',
    });
    return JSON.parse(stdout.trim()) as DeviceFigures;
  } catch (error) {
    const { killed, stderr = '' } = error as { killed?: boolean; stderr?: string };
    const reason = killed === true ? `did not end within ${timeout / 1_000} s` : 'failed';
    // The message of the error itself would repeat the order, which holds a key.
    throw new Error(
      `the measured process '${order.kind}' ${reason}${stderr === '' ? '' : `: ${stderr.slice(-2_000)}`}`,
    );
  }
}

/**
 * What the agent costs beside a bare client of the same SDK: memory at rest and under load, processor time for 1,000
 * messages, throughput. Each in a process of its own, in alternating rounds, against one local cloud over mTLS.
 */
export async function run({ json, seconds = DEFAULT_SECONDS }: BenchOptions): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-device-'));
  const cloud = await startCloudUnderTest(join(directory, 'cloud'));
  try {
    const place = await benchDevice(cloud.description, directory);
    const bare = await bundleWorker('bare', 'bench/device/bare-worker.ts');
    const queue = await bundleWorker('queue', 'bench/device/queue-worker.ts');
    const agent = await bundleWorker('agent', 'device-client/src/agent/main.ts');
    // What a process needs besides, to rest and to start, is part of the time that was asked for.
    const slice = Math.max(2, Math.round(seconds / ROUNDS / (KINDS.length + 1) - OVERHEAD_SECONDS));
    const warmSeconds = Math.round(slice * WARM_SHARE);
    const measured = new Map<string, DeviceFigures[]>();
    for (let round = 0; round < ROUNDS; round++) {
      const order = round % 2 === 0 ? KINDS : [...KINDS].reverse();
      for (const kind of order) {
        const given: DeviceOrder = {
          ...place,
          kind,
          warmSeconds,
          seconds: slice - warmSeconds,
          messagesPerSecond: MESSAGES_PER_SECOND,
          samplesPerMessage: 1,
        };
        say(`round ${round + 1} of ${ROUNDS}: ${kind}`);
        measured.set(kind, [...(measured.get(kind) ?? []), await measureWorker(kind === 'bare' ? bare : queue, given)]);
      }
      say(`round ${round + 1} of ${ROUNDS}: the agent`);
      const figures = await measureAgent(agent, cloud.description, place, directory, {
        warmSeconds,
        seconds: slice - warmSeconds,
      });
      measured.set('agent', [...(measured.get('agent') ?? []), { ...figures, messagesPerSecond: Number.NaN }]);
    }
    const of = (kind: string, name: keyof DeviceFigures): number =>
      median((measured.get(kind) ?? []).map((figures) => figures[name]));
    const figures = [...measured.keys()].map((kind) => ({
      kind,
      restMegabytes: Number((of(kind, 'restBytes') / MIB).toFixed(1)),
      loadMegabytes: Number((of(kind, 'loadBytes') / MIB).toFixed(1)),
      cpuMillisecondsPer1000: Math.round(of(kind, 'cpuMilliseconds')),
      ...(kind !== 'agent' && { messagesPerSecond: Number(of(kind, 'messagesPerSecond').toFixed(1)) }),
    }));
    const ratio = (kind: string, name: keyof DeviceFigures, to = 'bare'): number =>
      Number((of(kind, name) / of(to, name)).toFixed(3));
    const kinds = KINDS.filter((kind) => kind !== 'bare');
    const result = {
      bench: 'device',
      rounds: ROUNDS,
      warmSeconds,
      seconds: slice - warmSeconds,
      messagesPerSecond: MESSAGES_PER_SECOND,
      figures,
      /** Aim: 1.3 at most. */
      residentToBare: Object.fromEntries([...kinds, 'agent'].map((kind) => [kind, ratio(kind, 'loadBytes')])),
      throughputBareToQueue: Object.fromEntries(
        kinds.map((kind) => [kind, Number((1 / ratio(kind, 'messagesPerSecond')).toFixed(3))]),
      ),
      cpuToBare: Object.fromEntries(kinds.map((kind) => [kind, ratio(kind, 'cpuMilliseconds')])),
      cpuDiskToMemory: ratio('disk', 'cpuMilliseconds', 'memory'),
      cpuSyncedToMemory: ratio('disk, synced', 'cpuMilliseconds', 'memory'),
    };
    if (!json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
    return result;
  } finally {
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}
