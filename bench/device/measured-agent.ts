import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAgent } from '../../device-client/src/agent/control-socket.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { processUsage } from '../load/process-usage.ts';
import type { DevicePlace } from './bench-device.ts';
import { type MeasuredProcess, REST, sampleAt, WATCH } from './device-order.ts';
import { packagedProgram } from './packaged-program.ts';

const PATIENCE = 30_000;
/** The whole agent, with all its features; under load, a program of the machine hands it samples. */
export async function startAgent(
  entry: string,
  cloud: CloudDescription,
  place: DevicePlace,
  directory: string,
  messagesPerSecond: number,
): Promise<MeasuredProcess> {
  const socket = join(directory, 'agent.sock');
  const file = join(directory, 'agent.json');
  const settings = {
    endpoint: { host: cloud.mqttHost, port: cloud.mqttPort, caFile: cloud.caFile },
    device: { serialNumber: 'BENCH-0001', site: 'north', deviceType: 'pump' },
    stateDirectory: place.stateDirectory,
    socket,
    clock: { url: cloud.apiUrl },
  };
  writeFileSync(file, JSON.stringify(settings));
  const { environment, nodeOptions } = packagedProgram();
  const args = [...nodeOptions, entry, 'run', '--config', file, '--allow-root'];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...environment }, stdio: 'ignore' });
  const pid = child.pid as number;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
  };
  try {
    await connected(socket);
  } catch (error) {
    await stop();
    throw error;
  }
  await sleep(REST);
  const restBytes = processUsage(pid).residentBytes;
  let loadBytes = restBytes;
  return {
    rest: { restBytes },
    async load(seconds) {
      const before = processUsage(pid).cpuMicroseconds;
      const watch = setInterval(() => {
        loadBytes = Math.max(loadBytes, processUsage(pid).residentBytes);
      }, WATCH);
      const began = performance.now();
      const total = seconds * messagesPerSecond;
      for (let message = 1; message <= total; message++) {
        const wait = began + (message * 1_000) / messagesPerSecond - performance.now();
        if (wait > 0) await sleep(wait);
        await askAgent(socket, 'POST', '/samples', { samples: [sampleAt(Date.now())] });
      }
      clearInterval(watch);
      const cpuMilliseconds = (processUsage(pid).cpuMicroseconds - before) / total;
      return { loadBytes, cpuMilliseconds, messagesPerSecond: (total * 1_000) / (performance.now() - began) };
    },
    stop,
  };
}

async function connected(socket: string): Promise<void> {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const health = await askAgent(socket, 'GET', '/health').catch(() => undefined);
    if ((health?.body as { connection?: { connected?: boolean } } | undefined)?.connection?.connected) return;
    if (performance.now() > deadline) throw new Error('the agent does not connect');
    await sleep(100);
  }
}
