import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { PlantPorts } from '../../greengrass-components/simulated-plant/src/index.ts';
import { Failure } from '../failure.ts';
import { TYPESCRIPT_LOADER } from '../processes/child-process.ts';

const ENTRY = fileURLToPath(new URL('../../greengrass-components/simulated-plant/src/main.ts', import.meta.url));

export interface PlantProcess {
  readonly ports: PlantPorts;
  stop(): Promise<void>;
}

/**
 * The simulated pump station in a process of its own.
 * @param ports 0 for any that is free
 * @throws Failure with what it printed, such as that a port is in use
 */
export async function startPlant(ports: PlantPorts, seed: number): Promise<PlantProcess> {
  const child = spawn(
    process.execPath,
    [
      ...['--import', TYPESCRIPT_LOADER, ENTRY, '--json', '--seed', String(seed)],
      ...['--modbus', String(ports.modbus), '--coap', String(ports.coap)],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    return { ports: await portsOf(child), stop: () => stop(child, ended) };
  } catch (error) {
    await stop(child, ended);
    throw error;
  }
}

function portsOf(child: ChildProcess): Promise<PlantPorts> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said = `${said}${text}`.slice(-2_000);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Failure(`the simulated plant ended (exit code ${code})\n${said.trim()}`)));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).once('line', (line) => {
      resolve((JSON.parse(line) as { ports: PlantPorts }).ports);
    });
  });
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}
