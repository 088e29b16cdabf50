import { resolve } from 'node:path';
import type { DeviceLog } from '../../device-client/src/index.ts';
import {
  componentsIn,
  IpcError,
  Nucleus,
  NucleusError,
  type NucleusLog,
  secretsManager,
} from '../../edge-nucleus/src/index.ts';
import { nucleusRoot } from '../edge/ask.ts';
import { chooseComponents } from '../edge/choose-components.ts';
import type { CoreCloud } from '../edge/core-cloud.ts';
import { type CoreDeviceOptions, coreDevice } from '../edge/core-device.ts';
import { Failure } from '../failure.ts';
import { createProgress, type Progress } from '../output/progress.ts';

export interface EdgeRunOptions extends CoreDeviceOptions {
  /** Serial number of the core. */
  readonly core: string;
  /** Directories of built components. */
  readonly components: readonly string[];
  /** Deployments of this machine alone. */
  readonly local?: boolean;
  readonly verbose?: boolean;
}

/** `fleetwright edge run`: a Greengrass core of the running local cloud with its components, until Ctrl-C. */
export async function edgeRun(names: readonly string[], options: EdgeRunOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const stopped = new Promise<undefined>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
  const log = logTo(progress, options.verbose === true);
  const directories = options.components.map((directory) => resolve(directory));
  const { caFile, cloud, device, link, region, settings } = await coreDevice(options.core, options, deviceLog(log));
  const secrets = secretsManager(settings);
  let nucleus: Nucleus | undefined;
  let joined: CoreCloud | undefined;
  try {
    device.on('interrupted', (reason) => progress.note(`connection interrupted: ${reason}`));
    // Its components run whether there is a connection or not.
    await device.start({ offline: true });
    const { thingName } = device.identity;
    joined = options.local === true ? undefined : cloud();
    nucleus = new Nucleus({
      root: nucleusRoot(options.dataDir, options.core),
      thingName,
      region,
      componentDirectories: directories,
      connection: link,
      cloud: joined?.greengrass,
      credentials: joined?.credentials,
      secrets,
      rootCaPath: caFile,
      searchPath: process.env.PATH,
      log,
    });
    const { resumed } = await nucleus.start();
    progress.done(`core ${thingName} runs in ${nucleusRoot(options.dataDir, options.core)}`);
    if (joined !== undefined) progress.note('deployments of the cloud are taken');
    if (names.length > 0 || (!resumed && joined === undefined)) {
      const deployment = nucleus.deploy(chooseComponents(names, directories.flatMap(componentsIn)));
      // An interruption ends it with the nucleus; the next run begins it again.
      deployment.catch(() => {});
      const outcome = await Promise.race([deployment, stopped]);
      if (outcome !== undefined) {
        const { reason, status } = outcome;
        progress[status === 'SUCCESSFUL' ? 'done' : 'note'](
          `deployment: ${[status, reason].filter(Boolean).join(': ')}`,
        );
      }
    }
    await stopped;
    progress.step('stopping');
  } catch (error) {
    if (error instanceof NucleusError || error instanceof IpcError)
      throw new Failure(error.message, 1, { cause: error });
    throw error;
  } finally {
    await nucleus?.close();
    joined?.greengrass.close();
    await device.stop();
    secrets.close();
  }
}

function logTo(progress: Progress, verbose: boolean): NucleusLog {
  return (level, message, fields = {}) => {
    const text = `${message}${Object.keys(fields).length === 0 ? '' : ` ${JSON.stringify(fields)}`}`;
    if (level === 'error' || level === 'warn') progress.note(`${level}: ${text}`);
    else if (verbose || message === 'component' || message.startsWith('a deployment')) progress.note(text);
  };
}

function deviceLog(log: NucleusLog): DeviceLog {
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('debug', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
  };
}
