import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { plantSettings } from '../../cli/edge/plant-settings.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { ListedComponent } from '../../edge-nucleus/src/index.ts';
import { buildComponents } from '../../greengrass-components/build/index.ts';
import { createSimulatedPlant, type SimulatedPlant } from '../../greengrass-components/simulated-plant/src/index.ts';
import { fleetwright, type RunningCommand } from './command.ts';
import { configuredAssembly } from './configured-assembly.ts';
import { eventually } from './eventually.ts';
import { OutageProxy } from './outage-proxy.ts';
import { startTestPlatform, type TestPlatform, temporaryDirectory } from './platform.ts';

/** A platform with an edge: the simulated plant, and a core that got its components from the cloud. */
export interface EdgePlant {
  readonly platform: TestPlatform;
  readonly plant: SimulatedPlant;
  /** Between core and cloud. */
  readonly proxy: OutageProxy;
  readonly thingName: string;
  /** Rows of a query with `{table}` and `{thing}` put in. */
  rows(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  components(): Promise<readonly ListedComponent[]>;
  /**
   * Ends a component as the kernel does when it has no memory left, and waits until another process does its work.
   * @param name as in its recipe, without the beginning
   * @returns ms since the epoch between which nothing did it
   */
  kill(name: string): Promise<{ readonly from: number; readonly to: number }>;
  /** Writes a holding register of a pump, as an operator at the machine would. */
  writeRegister(pump: number, address: number, value: number): Promise<void>;
  stop(): Promise<void>;
}

const PREFIX = 'com.fleetwright.dev.';

/** @param change of the settings of the edge for the plant */
export async function startEdgePlant(change: (settings: EdgeSettings) => void = () => {}): Promise<EdgePlant> {
  const directory = temporaryDirectory();
  await buildComponents({
    repository: PROJECT_ROOT,
    root: join(PROJECT_ROOT, 'greengrass-components'),
    updateDigests: false,
  });
  const plant = await createSimulatedPlant({ clock: realTime, seed: 5 });
  const settings = plantSettings(plant.ports) as EdgeSettings;
  change(settings);
  const assembly = configuredAssembly(join(directory, 'cdk.out'), {}, { edge: settings });
  const platform = await startTestPlatform({ directory, assembly });
  const { mqttHost, mqttPort, dataDirectory: dataDir } = platform.description;
  const proxy = new OutageProxy(mqttHost, mqttPort);
  await proxy.start();
  const core = fleetwright('edge', 'run', '--mqtt-port', String(proxy.port), '--data-dir', dataDir);
  const work = join(dataDir, 'edge', 'EDGE-0001', 'greengrass', 'work');
  const components = () => listed(dataDir);
  await eventually(
    'all components to run',
    async () => {
      const all = await components();
      return all.length >= 8 && all.every(({ state }) => state === 'RUNNING' || state === 'FINISHED');
    },
    120_000,
  );
  const thingName = `${platform.outputs.TopicRoot}-edge-core-EDGE-0001`;
  return {
    platform,
    plant,
    proxy,
    thingName,
    async rows(sql) {
      const text = sql.replaceAll('{table}', platform.telemetryTable).replaceAll('{thing}', `'${thingName}'`);
      return (await platform.reader.query(text)).rows;
    },
    components,
    async kill(name) {
      const directory = join(work, `${PREFIX}${name}`);
      const from = Date.now();
      const killed = killIn(directory);
      await eventually(
        `${name} again`,
        async () =>
          processesIn(directory).some((pid) => !killed.includes(pid)) &&
          (await components()).every(({ state }) => state === 'RUNNING' || state === 'FINISHED'),
        30_000,
      );
      return { from, to: Date.now() };
    },
    writeRegister: (pump, address, value) => writeRegister(plant.ports.modbus, pump, address, value),
    async stop() {
      await ended(core);
      await proxy.stop();
      await platform.stop();
      await plant.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

interface EdgeSettings {
  readonly components: {
    readonly 'protocol-gateway': { readonly merge: { readonly sources: Record<string, { groups?: object }> } };
    readonly 'local-rules': { readonly merge: { readonly rules: Record<string, object> } };
  };
}

const realTime = {
  now: () => Date.now(),
  after(milliseconds: number, task: () => void) {
    const timer = setTimeout(task, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
};

async function listed(dataDir: string): Promise<ListedComponent[]> {
  const { exitCode, stdout } = await fleetwright('edge', 'list', '--json', '--data-dir', dataDir).result;
  return exitCode === 0
    ? stdout
        .trim()
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];
}

async function ended(command: RunningCommand): Promise<void> {
  command.interrupt();
  await command.result;
}

/** Kills every process that works in a directory. @returns their ids @throws Error when there is none */
export function killIn(directory: string): number[] {
  const pids = processesIn(directory);
  if (pids.length === 0) throw new Error(`nothing runs in ${directory}`);
  for (const pid of pids) process.kill(pid, 'SIGKILL');
  return pids;
}

function processesIn(directory: string): number[] {
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === directory;
      } catch {
        // It has ended meanwhile, or is not ours to see.
        return false;
      }
    });
}

/** Modbus Application Protocol 1.1b3, 6.6 "Write Single Register". */
function writeRegister(port: number, unit: number, address: number, value: number): Promise<void> {
  const frame = Buffer.from([0, 1, 0, 0, 0, 6, unit, 6, address >> 8, address & 255, value >> 8, value & 255]);
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(frame));
    socket.once('error', reject);
    socket.once('data', (answer) => {
      socket.destroy();
      if (answer[7] === 6) resolve();
      else reject(new Error(`the plant answered ${answer.toString('hex')}`));
    });
  });
}
