import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SteeredProcess } from '../../cli/processes/child-process.ts';
import type { BenchOptions } from '../bench-options.ts';
import { startCloudUnderTest } from '../broker/cloud-under-test.ts';
import type { ConnectionCommand, ConnectionReport } from '../load/connection-order.ts';
import { processUsage } from '../load/process-usage.ts';
import { measureOnboarding } from './measure-onboarding.ts';

const FULL = 10_000;
/** Registered devices, whose certificates the connections take in turn. */
const DEVICES = 200;
/** Devices that are onboarded by claim. */
const ONBOARDED = 200;
const PARALLEL = 16;
/** File descriptors that a process needs besides those of the connections. */
const SPARE_FILES = 500;
/** ms in which the server comes to rest before its memory is read. */
const REST = 5_000;

/**
 * Opens 10,000 mTLS connections (as many as the limit of open files allows), each with a subscription, and reads what the
 * server's process holds of memory before and after.
 */
export async function run(_options: BenchOptions): Promise<object> {
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const files = openFileLimit();
  const count = Math.min(FULL, files - SPARE_FILES);
  if (count < FULL) say(`the limit of open files is ${files}: ${count} connections instead of ${FULL}`);
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-'));
  const cloud = await startCloudUnderTest(join(directory, 'data'));
  const holder = new SteeredProcess<ConnectionCommand, ConnectionReport>(
    'the load client',
    fileURLToPath(new URL('../load/connection-holder.ts', import.meta.url)),
  );
  try {
    const registering = performance.now();
    const certificates = await cloud.register(DEVICES);
    const registered = (performance.now() - registering) / 1000;
    const onboarding = await measureOnboarding(cloud.description, ONBOARDED);
    const { mqttPort: port, caFile } = cloud.description;
    await rest();
    const before = processUsage(cloud.pid);
    holder.send({ kind: 'open', order: { host: 'localhost', port, caFile, count, parallel: PARALLEL, certificates } });
    const { milliseconds } = await holder.next('opened');
    const opened = processUsage(cloud.pid);
    await rest();
    const idle = processUsage(cloud.pid);
    holder.send({ kind: 'publish' });
    const { milliseconds: publishing } = await holder.next('published');
    await rest();
    const after = processUsage(cloud.pid);
    const result = {
      bench: 'connections',
      connections: count,
      kilobytesPerConnection: kilobytes(idle.residentBytes - before.residentBytes, count),
      kilobytesPerConnectionAfterOnePublishEach: kilobytes(after.residentBytes - before.residentBytes, count),
      residentMegabytesBefore: megabytes(before.residentBytes),
      residentMegabytesIdle: megabytes(idle.residentBytes),
      connectsPerSecond: Math.round((count * 1000) / milliseconds),
      serverCpuMicrosecondsPerConnect: Math.round((opened.cpuMicroseconds - before.cpuMicroseconds) / count),
      publishesAtOnceMs: Math.round(publishing),
      registrationsPerSecond: Math.round(DEVICES / registered),
      onboarding,
    };
    say(
      `${count} connections: ${result.kilobytesPerConnection} KB each (${result.kilobytesPerConnectionAfterOnePublishEach} KB after a publish each), ` +
        `${result.connectsPerSecond} connects/s at ${result.serverCpuMicrosecondsPerConnect} µs of server CPU, ` +
        `${result.registrationsPerSecond} devices/s registered through the API, ` +
        `${onboarding.onboardingsPerSecond} devices/s onboarded by claim at ${onboarding.serverCpuMillisecondsPerOnboarding} ms of server CPU`,
    );
    return result;
  } finally {
    await holder.end({ kind: 'end' });
    await cloud.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

const kilobytes = (bytes: number, count: number): number => Number((bytes / 1024 / count).toFixed(1));
const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST));
}

/** Soft limit of this process, which its children inherit (proc(5)). */
function openFileLimit(): number {
  const soft = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
  return soft === 'unlimited' ? FULL + SPARE_FILES : Number(soft ?? 1024);
}
