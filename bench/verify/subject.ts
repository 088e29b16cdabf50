import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClaimCredentials } from '@fleetwright/contracts';
import { fetchClaim } from '../../cli/claim.ts';
import { type LaunchedPlatform, launchPlatform } from '../../cli/launch-platform.ts';
import { Ledger } from '../../cli/ledger.ts';
import { TimestreamReader } from '../../cli/timestream.ts';
import { createDevice, type Device, type DeviceOptions } from '../../device-client/src/index.ts';
import type { CloudDescription, CloudWarning, DeployStep } from '../../local-cloud/src/index.ts';
import type { Dice } from './dice.ts';
import { freePort } from './free-port.ts';
import { type ProcessMark, processTree } from './process-tree.ts';

export interface SubjectOptions {
  /** Absolute; its `data` is the cloud's, `devices` the devices'. */
  readonly directory: string;
  readonly dice: Dice;
  readonly publishesPerSecondPerConnection?: number;
  onWarning?(warning: CloudWarning): void;
}

/** Ends a start at the moment when it calls, by killing the process. */
export type StartInterruption = (description: CloudDescription) => void;

/**
 * The platform under verification: the same processes, synthesis, deploy and mTLS as `npm start`, on ports that stay
 * the same over restarts, so that devices find it again.
 */
export class Subject {
  readonly directory: string;
  readonly port: number;
  readonly mqttPort: number;
  readonly #options: SubjectOptions;
  #platform: LaunchedPlatform | undefined;
  #claim: ClaimCredentials | undefined;
  #ledger: Ledger | undefined;
  #reader: TimestreamReader | undefined;
  /** Steps of the latest deploy. */
  steps: DeployStep[] = [];
  /** Set when the process ended without being asked to. */
  ended: string | undefined;

  private constructor(options: SubjectOptions, port: number, mqttPort: number) {
    this.directory = options.directory;
    this.#options = options;
    this.port = port;
    this.mqttPort = mqttPort;
  }

  static async launch(options: SubjectOptions): Promise<Subject> {
    const subject = new Subject(options, await freePort(), await freePort());
    await subject.start();
    return subject;
  }

  get platform(): LaunchedPlatform {
    return present(this.#platform);
  }

  get claim(): ClaimCredentials {
    return present(this.#claim);
  }

  get ledger(): Ledger {
    return present(this.#ledger);
  }

  get reader(): TimestreamReader {
    return present(this.#reader);
  }

  get pid(): number {
    return this.platform.description.pid;
  }

  get telemetryTable(): string {
    const { DatabaseName, TelemetryTableName } = this.platform.outputs;
    return `"${DatabaseName}"."${TelemetryTableName}"`;
  }

  /** Starts on the kept state; the assembly is synthesized once. @throws Failure */
  async start(interrupt?: StartInterruption): Promise<void> {
    const assembly = join(this.directory, 'data', 'cdk.out');
    this.steps = [];
    const relaxed = this.#options.publishesPerSecondPerConnection;
    const platform = await launchPlatform({
      dataDirectory: join(this.directory, 'data'),
      port: this.port,
      mqttPort: this.mqttPort,
      assembly: this.#claim === undefined ? undefined : assembly,
      ...(relaxed !== undefined && { publishesPerSecondPerConnection: relaxed }),
      onStep: (step) => void this.steps.push(step),
      onWarning: (warning) => this.#options.onWarning?.(warning),
      ...(interrupt !== undefined && { onListening: interrupt }),
    });
    const { settings, outputs } = platform;
    this.#platform = platform;
    this.ended = undefined;
    platform.cloud.once('exit', (code, lastWords) => {
      if (this.#platform !== platform) return;
      this.ended = `the cloud's process ended by itself (exit code ${code})\n${lastWords}`;
    });
    this.#ledger = new Ledger(settings, outputs);
    this.#reader = new TimestreamReader(settings);
    this.#claim ??= await fetchClaim(settings, outputs.ClaimSecretArn);
  }

  /** An agent with a state directory of its own, kept over restarts of the agent. */
  device(serialNumber: string, options: Pick<DeviceOptions, 'maxReconnectDelay' | 'samplesPerMessage'> = {}): Device {
    const { description, outputs } = this.platform;
    return createDevice({
      endpoint: {
        host: description.mqttHost,
        port: description.mqttPort,
        serverCaPem: readFileSync(description.caFile, 'utf8'),
      },
      claim: this.claim,
      stateDirectory: join(this.directory, 'devices', serialNumber),
      parameters: {
        SerialNumber: serialNumber,
        Site: outputs.Sites.split(',')[0] as string,
        DeviceType: outputs.DeviceTypes.split(',')[0] as string,
      },
      ...options,
    });
  }

  /** `kill -9`. Resolves when the process is gone, with what ran below it at the last moment. */
  async kill(): Promise<ProcessMark[]> {
    const platform = this.platform;
    const gone = new Promise<void>((resolve) => platform.cloud.once('exit', () => resolve()));
    const [, ...below] = processTree(this.pid);
    const ended = this.ended !== undefined;
    this.#closeClients();
    this.#platform = undefined;
    if (ended) return below;
    process.kill(platform.description.pid, 'SIGKILL');
    await gone;
    return below;
  }

  async stop(): Promise<void> {
    const platform = this.#platform;
    this.#closeClients();
    this.#platform = undefined;
    await platform?.stop();
  }

  #closeClients(): void {
    this.#ledger?.close();
    this.#reader?.close();
    this.#ledger = undefined;
    this.#reader = undefined;
  }
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the platform is not running');
  return value;
}
