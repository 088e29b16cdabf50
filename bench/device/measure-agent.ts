import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { askAgent } from '../../device-client/src/agent/control-socket.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { processUsage } from '../load/process-usage.ts';
import type { DevicePlace } from './bench-device.ts';
import { REST, sampleAt } from './device-order.ts';

const PATIENCE = 30_000;
const UNIT = new URL('../../device-client/packaging/fleetwright-device.service', import.meta.url);

/** Of Node.js, as the agent's unit starts it. */
function packagedOptions(): string[] {
  const [, words = ''] = /^ExecStart=\S+ (.*?)\/usr\/lib/m.exec(readFileSync(UNIT, 'utf8')) ?? [];
  return words.split(' ').filter((word) => word !== '');
}

/** Bytes of the whole agent, with all its features: at rest, and while a program of the machine hands it samples. */
export async function measureAgent(
  entry: string,
  cloud: CloudDescription,
  place: DevicePlace,
  directory: string,
  { seconds, warmSeconds }: { readonly warmSeconds: number; readonly seconds: number },
): Promise<{ restBytes: number; loadBytes: number; cpuMilliseconds: number }> {
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
  const args = [...packagedOptions(), entry, 'run', '--config', file, '--allow-root'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const pid = child.pid as number;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  try {
    const deadline = performance.now() + PATIENCE;
    for (;;) {
      const health = await askAgent(socket, 'GET', '/health').catch(() => undefined);
      if ((health?.body as { connection?: { connected?: boolean } } | undefined)?.connection?.connected) break;
      if (performance.now() > deadline) throw new Error('the agent does not connect');
      await sleep(100);
    }
    await sleep(REST);
    const rest = processUsage(pid);
    let loadBytes = rest.residentBytes;
    const load = async (duration: number): Promise<number> => {
      const until = performance.now() + duration * 1_000;
      let messages = 0;
      for (; performance.now() < until; messages++) {
        await askAgent(socket, 'POST', '/samples', { samples: [sampleAt(Date.now())] });
        loadBytes = Math.max(loadBytes, processUsage(pid).residentBytes);
        await sleep(10);
      }
      return messages;
    };
    await load(warmSeconds);
    const before = processUsage(pid).cpuMicroseconds;
    const messages = await load(seconds);
    const cpuMilliseconds = (processUsage(pid).cpuMicroseconds - before) / messages;
    return { restBytes: rest.residentBytes, loadBytes, cpuMilliseconds };
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
