import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  DirectoryLock,
  nodeFileSystem,
  QueueError,
  systemClock as queueClock,
  thisProcess,
} from '@fleetwright/durable-queue';
import { backoffDelay } from '../backoff.ts';
import { sleep, systemClock } from '../clock.ts';
import { createDevice, type Device } from '../device.ts';
import { DeviceError, reasonOf } from '../errors.ts';
import type { DeviceFeature } from '../feature.ts';
import { StateDirectory } from '../state-directory.ts';
import type { AgentConfig } from './agent-config.ts';
import type { AgentFeatures } from './agent-features.ts';
import type { AgentParts } from './agent-parts.ts';
import { AgentRecord } from './agent-record.ts';
import { agentRoutes } from './agent-routes.ts';
import type { AgentEvent } from './agent-state.ts';
import { ClockGuard, clockSetter } from './clock-guard.ts';
import { ControlSocket } from './control-socket.ts';
import { deviceOptionsOf, proxyOf, readIf } from './device-options.ts';
import type { JsonLog } from './json-log.ts';
import { AGENT_BUILT } from './judge-clock.ts';
import { Liveness } from './liveness.ts';
import type { LogFile } from './log-file.ts';
import type { OffsetClock } from './offset-clock.ts';
import { RotationWatch } from './rotation-watch.ts';
import { readServerTime } from './server-time.ts';
import { ServiceManager } from './service-manager.ts';

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly log: JsonLog;
  readonly logFile: LogFile;
  /** The corrected time: the log's, too. */
  readonly clock: OffsetClock;
  /** What the agent runs beside telemetry. */
  readonly features: (parts: AgentParts) => AgentFeatures;
  /** What a service manager says in the environment of the process. @default nothing */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Aborts when the agent is to end. */
  readonly signal: AbortSignal;
  readonly random?: () => number;
}

/** Exit codes of the agent. A service manager need not start it again after the last two. */
export const EXIT = { stopped: 0, failed: 1, misused: 2, decommissioned: 3 } as const;

/** ms in which everything must have stopped; what has not by then is left as a `kill -9` would leave it */
const STOP_TIME = 1_700;
/** ms that may pass without a sign of the connection, beside what its loops wait for by themselves */
const PATIENCE = 180_000;
/** Between attempts to provision that were refused: somebody must admit the device first. */
const REFUSED = { base: 60_000, cap: 3_600_000 };
const CLOCK_LOOK = 3_600_000;
/** ms between looks at the clock while there is no connection */
const OFFLINE_CLOCK_LOOK = 600_000;

/**
 * The agent of one device, from its state directory's lock to its goodbye. @returns an exit code
 * @throws DeviceError `LOCKED`, `STATE_UNUSABLE`, `INPUT_INVALID`, `KEY_UNUSABLE`
 */
export async function runAgent(options: AgentOptions): Promise<number> {
  const directory = new StateDirectory(options.config.stateDirectory);
  const lock = await lockDirectory(directory, options.random ?? Math.random);
  try {
    return await new Agent(options, directory).run();
  } finally {
    await lock.release().catch(() => {});
  }
}

async function lockDirectory(directory: StateDirectory, random: () => number): Promise<DirectoryLock> {
  try {
    return await DirectoryLock.take(directory.path, {
      fileSystem: nodeFileSystem,
      process: thisProcess,
      clock: queueClock,
      random,
    });
  } catch (error) {
    const locked = error instanceof QueueError && error.code === 'LOCKED';
    throw new DeviceError(locked ? 'LOCKED' : 'STATE_UNUSABLE', reasonOf(error), { cause: error });
  }
}

class Agent {
  readonly #options: AgentOptions;
  readonly #record: AgentRecord;
  readonly #device: Device;
  readonly #guard: ClockGuard;
  readonly #socket: ControlSocket;
  readonly #rotation: RotationWatch;
  /** Ends everything: told to stop, or decommissioned. */
  readonly #end = new AbortController();
  readonly #random: () => number;
  readonly #features: AgentFeatures;
  readonly #liveness = new Liveness(PATIENCE);
  readonly #service: ServiceManager;
  #exitCode: number = EXIT.stopped;
  #interruption: string | undefined;
  #connectedSince: number | undefined;

  constructor(options: AgentOptions, directory: StateDirectory) {
    const { clock, config, log, logFile } = options;
    this.#options = options;
    this.#random = options.random ?? Math.random;
    setMaxListeners(0, this.#end.signal);
    this.#record = new AgentRecord(directory);
    const { environment = {} } = options;
    this.#service = new ServiceManager({ environment, processes: [process.pid, process.ppid], clock, log });
    this.#guard = this.#clockGuard();
    const features: DeviceFeature[] = [];
    this.#device = createDevice({
      ...deviceOptionsOf(config),
      features,
      clock,
      random: this.#random,
      log,
      provisioningAttempts: Number.POSITIVE_INFINITY,
      beforeConnect: (signal) => this.#guard.ready(signal),
    });
    const parts: AgentParts = {
      config,
      device: this.#device,
      clock,
      random: this.#random,
      log,
      logFile,
      end: (exitCode, why) => {
        this.#exitCode = exitCode;
        this.#end.abort(why);
      },
      state: () => this.#record.state,
      apply: (event) => this.#apply(event),
    };
    this.#features = options.features(parts);
    features.push(...this.#features.features);
    this.#rotation = new RotationWatch({
      device: this.#device,
      clock,
      random: this.#random,
      log,
      before: config.rotation.beforeDays * 86_400_000,
      mayRotate: () => this.#guard.verdict?.kind === 'plausible' && this.#record.state !== 'updating',
    });
    this.#socket = new ControlSocket(
      config.socket,
      agentRoutes({
        ...parts,
        intake: this.#features.intake,
        settings: () => this.#features.settings(),
        shadows: this.#features.shadows,
        jobsSettled: () => this.#features.jobsSettled(),
        guard: this.#guard,
        connection: () => ({
          connected: this.#device.connected,
          ...(this.#connectedSince !== undefined && { since: this.#connectedSince }),
          ...(this.#interruption !== undefined && { lastFailure: this.#interruption }),
        }),
        decommission: () => this.#end.abort('decommissioned'),
      }),
    );
  }

  get #decommissioned(): boolean {
    return this.#record.state === 'decommissioned';
  }

  async run(): Promise<number> {
    const { config, log, signal } = this.#options;
    if (this.#decommissioned) {
      log.error('this device is decommissioned', { stateDirectory: config.stateDirectory });
      return EXIT.decommissioned;
    }
    mkdirSync(dirname(config.socket), { recursive: true, mode: 0o750 });
    await this.#socket.open();
    // Without a network, or before anybody has admitted the device, it serves its machine all the same.
    this.#service.ready(this.#standing());
    this.#service.watch(() => this.#liveness.isAlive(this.#device.connected));
    const stop = (): void => this.#end.abort('told to stop');
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    this.#listen();
    log.info('agent starts', { state: this.#record.state, serialNumber: config.device.serialNumber, pid: process.pid });
    // An update that an earlier agent has begun, and that this one cannot know of, is none any more.
    if (!this.#features.updates && this.#record.state === 'updating') this.#apply('update-ended');
    try {
      await this.#start();
      // Who is told to stop before it is provisioned has no certificate to look after.
      if (!this.#end.signal.aborted) this.#rotation.start();
      await this.#watch();
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#stop();
    }
    return this.#decommissioned ? EXIT.decommissioned : this.#exitCode;
  }

  /** A device that is refused asks again, ever more seldom, until somebody admits it. */
  async #start(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#end;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await raced(this.#device.start({ offline: true }), signal);
        if (!signal.aborted) this.#apply('identity-gained');
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof DeviceError) || error.code !== 'PROVISIONING_REFUSED') throw error;
        log.error('provisioning is refused', { reason: error.message });
        const wait = REFUSED.base + backoffDelay(REFUSED, attempt, this.#random());
        this.#liveness.sign(wait + PATIENCE);
        this.#service.status(`${this.#standing()}: ${error.message}`);
        await sleep(clock, wait, signal);
      }
    }
  }

  /** Looks after the clock until the end. */
  async #watch(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#end;
    while (!signal.aborted) {
      await sleep(clock, this.#device.connected ? CLOCK_LOOK : OFFLINE_CLOCK_LOOK, signal);
      if (signal.aborted || (await this.#guard.check(signal))) continue;
      log.warn('no connection is tried until the clock is right');
      if (!this.#device.connected) await this.#device.reconnect();
    }
  }

  async #stop(): Promise<void> {
    const { log } = this.#options;
    this.#rotation.stop();
    const decommissioned = this.#decommissioned;
    const reason = String(this.#end.signal.reason ?? 'failure');
    log.info('agent stops', { reason });
    this.#service.stopping(reason);
    this.#features.presence.goodbye(reason);
    const late = new AbortController();
    const stopped = (async () => {
      await Promise.all([this.#device.stop(), this.#socket.close()]);
      if (decommissioned) await this.#device.erase();
    })().catch((error: unknown) => log.warn('the agent stops badly', { reason: reasonOf(error) }));
    // What erases a life's keys is waited for: it must not be left half done without a word.
    const limit = decommissioned ? 10 * STOP_TIME : STOP_TIME;
    await Promise.race([stopped, sleep(systemClock, limit, late.signal)]);
    late.abort();
  }

  /** In a line, for people. */
  #standing(): string {
    const { state } = this.#record;
    if (this.#device.connected) return `${state}, connected as ${this.#device.identity.thingName}`;
    return this.#interruption === undefined ? state : `${state}, not connected: ${this.#interruption}`;
  }

  #listen(): void {
    const { clock, config, log } = this.#options;
    this.#device.on('provisioned', ({ certificateId, thingName }) => {
      this.#apply('identity-gained');
      log.info('provisioned', { thingName, certificateId });
    });
    this.#device.on('connected', () => {
      this.#connectedSince = clock.now();
      this.#interruption = undefined;
      this.#apply('connected');
      this.#service.status(this.#standing());
      log.info('connected', { bootId: this.#device.bootId });
    });
    this.#device.on('interrupted', (reason) => {
      // An attempt that fails like the one before is no news.
      if (reason !== this.#interruption) log.warn('no connection', { reason });
      this.#interruption = reason;
      this.#connectedSince = undefined;
      this.#liveness.sign(config.connection.maxReconnectDelay + PATIENCE);
      this.#service.status(this.#standing());
    });
    this.#device.on('retry', (what, reason) => {
      this.#liveness.sign(PATIENCE);
      log.info('trying again', { what, reason });
    });
    this.#device.on('rotated', ({ result }) => log.info('certificate rotation ended', { result }));
  }

  #apply(event: AgentEvent): string | undefined {
    const before = this.#record.state;
    const refused = this.#record.apply(event);
    if (refused === undefined && this.#record.state !== before) {
      this.#options.log.info('state', { from: before, to: this.#record.state });
      this.#features.stateChanged();
      this.#service.status(this.#standing());
    }
    return refused;
  }

  #clockGuard(): ClockGuard {
    const { clock, config, log } = this.#options;
    const proxy = proxyOf(config.proxy);
    const url = config.clock.url ?? `https://${config.endpoint.host}/`;
    const caPem = readIf(config.clock.caFile, 'clock.caFile') ?? readIf(config.endpoint.caFile, 'endpoint.caFile');
    return new ClockGuard({
      system: systemClock,
      corrected: clock,
      random: this.#random,
      log,
      tolerance: config.clock.tolerance,
      floor: () => Math.max(AGENT_BUILT, this.#record.seenTime),
      readServer: (signal) => readServerTime({ url, caPem, proxy, signal }),
      setSystem: config.clock.setCommand === undefined ? undefined : clockSetter(config.clock.setCommand),
      onProven: (time) => this.#record.saw(time),
      onLook: (within) => this.#liveness.sign(within + PATIENCE),
    });
  }
}

/** Resolves with the work, or when the signal aborts: the work is then ended by `stop`. */
async function raced(work: Promise<void>, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true, signal: late.signal });
  });
  work.catch(() => {});
  try {
    await Promise.race([work, aborted]);
  } finally {
    late.abort();
  }
}
