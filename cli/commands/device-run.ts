import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { createDevice, pumpStation, replay, runDevice, type SensorSet, seedOf } from '../../device-client/src/index.ts';
import { fetchClaim, readClaimFile } from '../claim.ts';
import { Failure, messageOf } from '../failure.ts';
import { createProgress } from '../output/progress.ts';
import { platformOutputs } from '../platform-outputs.ts';
import { localClientSettings, runningCloud } from '../running-cloud.ts';

export interface DeviceRunCommandOptions {
  /** Serial number, or a whole thing name that ends in it. */
  readonly thingName: string;
  readonly claim?: string;
  readonly endpoint?: string;
  readonly mqttPort?: number;
  readonly ca?: string;
  readonly site?: string;
  readonly deviceType?: string;
  readonly stateDir?: string;
  readonly dataDir: string;
  /** Stage of the platform, where several are deployed: `fleetwright-prod`. */
  readonly stage?: string;
  readonly interval: number;
  readonly samplesPerMessage: number;
  readonly replay?: string;
  readonly keepTimes?: boolean;
  readonly seconds?: number;
}

/** `fleetwright device run`: one real device against any endpoint, the local cloud's by default. */
export async function deviceRun(options: DeviceRunCommandOptions): Promise<void> {
  const progress = createProgress(process.stderr, false);
  const target = await resolveTarget(options);
  const stateDirectory = resolve(options.stateDir ?? join(options.dataDir, 'devices', target.serialNumber));
  const device = createDevice({
    endpoint: target.endpoint,
    claim: target.claim,
    stateDirectory,
    parameters: { SerialNumber: target.serialNumber, Site: target.site, DeviceType: target.deviceType },
    samplesPerMessage: options.samplesPerMessage,
  });
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  process.once('SIGTERM', () => stop.abort());
  stop.signal.addEventListener('abort', () => progress.step('stopping'));
  if (options.seconds !== undefined) setTimeout(() => stop.abort(), options.seconds * 1000).unref();
  device.on('provisioned', ({ certificateId, thingName }) =>
    progress.done(
      `provisioned as ${thingName}, certificate ${certificateId.slice(0, 12)}…, state in ${stateDirectory}`,
    ),
  );
  device.on('interrupted', (reason) => progress.note(`connection interrupted: ${reason}`));
  device.on('retry', (what, reason) => progress.note(`${what} again: ${reason}`));
  try {
    progress.step(`connecting to ${target.endpoint.host}:${target.endpoint.port}`);
    await device.start();
    progress.done(`connected as ${device.identity.thingName}, boot ${device.bootId}`);
    const run = runDevice({
      device,
      sensors: sensorsOf(options, target.serialNumber),
      interval: options.interval,
      healthInterval: options.replay === undefined ? 5_000 : 0,
      firmware: '1.0.0',
      signal: stop.signal,
    });
    let samples = 0;
    device.on('acknowledged', (_channel, message) => {
      samples += message.samples.length;
      progress.live(`${samples} samples acknowledged`);
    });
    const { messagesAcknowledged, samplesAcknowledged } = await run;
    progress.done(`${messagesAcknowledged} messages, ${samplesAcknowledged} samples acknowledged`);
  } catch (error) {
    throw new Failure(messageOf(error), 1, { cause: error });
  } finally {
    await device.stop();
  }
}

function sensorsOf(options: DeviceRunCommandOptions, serialNumber: string): SensorSet {
  const start = Date.now();
  if (options.replay === undefined) return pumpStation({ seed: seedOf(serialNumber), start });
  let csv: string;
  try {
    csv = readFileSync(options.replay, 'utf8');
  } catch (error) {
    throw new Failure(`cannot read ${options.replay}: ${messageOf(error)}`);
  }
  return replay({ csv, name: basename(options.replay), start, shift: options.keepTimes !== true });
}

async function resolveTarget(options: DeviceRunCommandOptions) {
  const explicit = options.endpoint !== undefined;
  if (explicit && (options.site === undefined || options.deviceType === undefined)) {
    throw new Failure('--endpoint needs --site and --device-type as well');
  }
  const cloud = explicit ? undefined : runningCloud(options.dataDir);
  const outputs = cloud === undefined ? undefined : platformOutputs(cloud, options.stage);
  const deviceType = options.deviceType ?? (outputs?.DeviceTypes.split(',')[0] as string);
  const marker = `-${deviceType}-`;
  const at = options.thingName.indexOf(marker);
  return {
    serialNumber: at < 0 ? options.thingName : options.thingName.slice(at + marker.length),
    deviceType,
    site: options.site ?? (outputs?.Sites.split(',')[0] as string),
    claim:
      options.claim !== undefined
        ? readClaimFile(options.claim)
        : cloud !== undefined && outputs !== undefined
          ? await fetchClaim(localClientSettings(cloud), outputs.ClaimSecretArn)
          : undefined,
    endpoint: {
      host: options.endpoint ?? (cloud?.mqttHost as string),
      port: options.mqttPort ?? cloud?.mqttPort ?? 8883,
      serverCaPem:
        options.ca !== undefined
          ? readFileSync(options.ca, 'utf8')
          : cloud === undefined
            ? undefined
            : readFileSync(cloud.caFile, 'utf8'),
    },
  };
}
