import { reasonOf } from '../errors.ts';
import { runPowerPlan } from '../power/command.ts';
import { EXIT, runAgent } from './agent.ts';
import { type AgentConfig, agentConfigSchema } from './agent-config.ts';
import { agentFeatures } from './agent-features.ts';
import { readTrustedKeys } from './agent-updates.ts';
import { type CommandLine, parseCommandLine } from './command-line.ts';
import { askAgent } from './control-socket.ts';
import { deviceOptionsOf, readIf } from './device-options.ts';
import { agentEnvironment, searchPath, serviceEnvironment } from './environment.ts';
import { JsonLog } from './json-log.ts';
import { AgentConfigError, loadAgentConfig } from './load-agent-config.ts';
import { LogFile } from './log-file.ts';
import { missingPrograms } from './missing-programs.ts';
import { OffsetClock } from './offset-clock.ts';

const USAGE = `Usage: device-client [command] [--config <file>] [--<setting> <value> …]

Commands
  run                 be the agent of this device, until SIGTERM or SIGINT (default)
  check-config        print the settings in use, or everything that is wrong with them
  health              print what the running agent says of itself
  maintenance on|off  hold updates back while somebody works at the device
  rotate-certificate  have the running agent change its key and certificate
  decommission --yes  end this device's life: its keys and certificates are erased
  power-plan          how often a device may report for its battery to last

Settings come from flags (--endpoint-host), then from the environment (FLEETWRIGHT_DEVICE_ENDPOINT_HOST), then from the
file (endpoint.host). The file is --config, or FLEETWRIGHT_DEVICE_CONFIG.

  --allow-root        run as root, which the agent refuses otherwise
`;

const print = (text: string): void => void process.stdout.write(text);
const complain = (text: string): void => void process.stderr.write(text);

async function main(): Promise<number> {
  const environment = agentEnvironment();
  if (process.argv[2] === 'power-plan') return runPowerPlan(process.argv.slice(3), print);
  let line: CommandLine;
  try {
    line = parseCommandLine(process.argv.slice(2));
  } catch (error) {
    complain(`${reasonOf(error)}\n\n${USAGE}`);
    return EXIT.misused;
  }
  if (line.command === 'help') {
    print(USAGE);
    return EXIT.stopped;
  }
  const file = line.config ?? environment.FLEETWRIGHT_DEVICE_CONFIG;
  const load = () => loadAgentConfig({ file, environment, flags: line.flags });
  try {
    switch (line.command) {
      case 'check-config': {
        const config = load();
        readFiles(config);
        print(`${JSON.stringify(config, undefined, 2)}\n`);
        const missing = missingPrograms(config, searchPath());
        for (const line of missing) complain(`${line}\n`);
        return missing.length === 0 ? EXIT.stopped : EXIT.misused;
      }
      case 'health':
      case 'maintenance':
      case 'rotate-certificate':
      case 'decommission':
        return await ask(line, socketOf(line, load));
      case 'run':
        return await run(line, load());
    }
  } catch (error) {
    complain(`${reasonOf(error)}\n`);
    return error instanceof AgentConfigError ? EXIT.misused : EXIT.failed;
  }
}

/** Everything that the settings name and the agent would read. @throws DeviceError `INPUT_INVALID` */
function readFiles(config: AgentConfig): void {
  deviceOptionsOf(config);
  readIf(config.clock.caFile, 'clock.caFile');
  readIf(config.downloads.caFile, 'downloads.caFile');
  if (config.updates.trustedKeysFile !== undefined) readTrustedKeys(config.updates.trustedKeysFile);
}

/** A question to a running agent needs only its socket. */
function socketOf(line: CommandLine, load: () => { socket: string }): string {
  if (line.flags.socket !== undefined) return line.flags.socket;
  try {
    return load().socket;
  } catch (error) {
    if (line.config !== undefined) throw error;
    return agentConfigSchema.shape.socket.parse(undefined);
  }
}

async function ask({ command, on, yes }: CommandLine, socket: string): Promise<number> {
  if (command === 'decommission') {
    if (!yes) {
      complain('decommission erases the keys of this device for good; say --yes\n');
      return EXIT.misused;
    }
    const { body: health } = await askAgent(socket, 'GET', '/health');
    const { serialNumber } = health as { serialNumber?: string };
    return answer(await askAgent(socket, 'POST', '/decommission', { serialNumber }));
  }
  if (command === 'maintenance') return answer(await askAgent(socket, 'POST', '/maintenance', { on }));
  if (command === 'rotate-certificate') return answer(await askAgent(socket, 'POST', '/rotate-certificate'));
  return answer(await askAgent(socket, 'GET', '/health'));
}

function answer({ body, status }: { readonly status: number; readonly body?: object | undefined }): number {
  print(`${JSON.stringify(body, undefined, 2)}\n`);
  return status < 400 ? EXIT.stopped : EXIT.failed;
}

async function run(line: CommandLine, config: ReturnType<typeof loadAgentConfig>): Promise<number> {
  if (process.getuid?.() === 0 && !line.allowRoot) {
    complain('the agent does not run as root: give it a user of its own, or say --allow-root\n');
    return EXIT.misused;
  }
  const clock = new OffsetClock();
  const logFile = new LogFile(config.stateDirectory, config.log.keepBytes);
  const log = new JsonLog({
    level: config.log.level,
    now: () => clock.now(),
    write: (text) => {
      print(text);
      logFile.write(text);
    },
  });
  for (const missing of missingPrograms(config, searchPath())) log.error(missing);
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop.abort());
  process.on('unhandledRejection', (error) => log.error('unhandled rejection', { reason: reasonOf(error) }));
  try {
    return await runAgent({
      config,
      log,
      logFile,
      clock,
      features: agentFeatures,
      environment: serviceEnvironment(),
      signal: stop.signal,
    });
  } catch (error) {
    log.error('the agent cannot run', { reason: reasonOf(error) });
    return EXIT.failed;
  }
}

// The device SDK's native threads hold a process for some seconds after its last client is closed.
main().then(
  (code) => process.exit(code),
  (error) => {
    complain(`${reasonOf(error)}\n`);
    process.exit(EXIT.failed);
  },
);
