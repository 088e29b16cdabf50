import * as z from 'zod';
import type { NucleusClock } from '../clock.ts';
import type { ComponentState } from '../lifecycle/component-state.ts';
import type { NucleusLog } from '../log.ts';
import type { PlatformAttributes } from '../recipe/recipe.ts';
import { readStateFile, writeStateFile } from '../state/state-file.ts';
import type { CoreConnection } from './core-connection.ts';
import type { DeploymentReport } from './deployments/cloud-deployment.ts';

/** ms between two complete messages (nucleus, `DEFAULT_PERIODIC_PUBLISH_INTERVAL_SEC`) */
const CADENCE = 86_400_000;
/** ms; a reconnection without news is told once in this time (nucleus, `MINIMAL_RECONNECT_PUBLISH_INTERVAL_SEC`) */
const RECONNECT_INTERVAL = 60_000;
/** ms after which all is told again that the cloud has refused, as while the core's policy is on its way */
const RETRY = 30_000;
/** ms in which changes of components are gathered */
const GATHER = 1_000;
/** Components of one message, so that it stays below 128,000 bytes. */
const MAX_COMPONENTS = 200;
const SETTLED: ReadonlySet<ComponentState> = new Set(['RUNNING', 'FINISHED', 'BROKEN']);

/** Nucleus, `status/model/Trigger.java`. */
type Trigger =
  | 'LOCAL_DEPLOYMENT'
  | 'THING_DEPLOYMENT'
  | 'THING_GROUP_DEPLOYMENT'
  | 'COMPONENT_STATUS_CHANGE'
  | 'RECONNECT'
  | 'NUCLEUS_LAUNCH'
  | 'CADENCE';

/** A component as its state is told. */
export interface StatusOfComponent {
  readonly name: string;
  readonly version: string;
  readonly state: ComponentState;
  readonly isRoot: boolean;
  /** Of the deployments that brought it. */
  readonly sources: readonly string[];
  /** Why it is in this state, where that is an error. */
  readonly reason?: string | undefined;
}

export interface FleetStatusPorts {
  readonly connection: CoreConnection;
  readonly thingName: string;
  readonly nucleusVersion: string;
  readonly platform: PlatformAttributes;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  /** Where the number of the next message is kept. */
  readonly file: string;
  components(): readonly StatusOfComponent[];
  /** A deployment changes components now; its end will tell of them. */
  deploying(): boolean;
}

/**
 * What a core says of itself (developer guide, `device-status`; nucleus, `FleetStatusService.java`): all at its start and once a day, changes
 * in between. Messages are not kept for later: the first one of a new connection tells what is.
 */
export class FleetStatus {
  readonly #ports: FleetStatusPorts;
  readonly #changed = new Set<string>();
  readonly #gone = new Map<string, StatusOfComponent>();
  #sequence: number;
  #lastTime = 0;
  #lastReconnect = Number.NEGATIVE_INFINITY;
  #hasLaunched = false;
  #turn: Promise<void> = Promise.resolve();
  #gathering: { cancel(): void } | undefined;
  #cadence: { cancel(): void } | undefined;
  #retry: { cancel(): void } | undefined;
  #stopListening = (): void => {};
  #stopped = false;

  constructor(ports: FleetStatusPorts) {
    this.#ports = ports;
    const read = z.object({ sequence: z.number().int() }).safeParse(readStateFile(ports.file));
    this.#sequence = read.success ? read.data.sequence : 0;
  }

  start(): void {
    this.#stopListening = this.#ports.connection.onConnected(() => this.#connected());
    this.#beat();
  }

  stop(): void {
    this.#stopped = true;
    this.#stopListening();
    this.#gathering?.cancel();
    this.#cadence?.cancel();
    this.#retry?.cancel();
  }

  changed(name: string): void {
    this.#changed.add(name);
    this.#gathering ??= this.#ports.clock.after(GATHER, () => {
      this.#gathering = undefined;
      this.#tellChanges();
    });
  }

  removed(component: StatusOfComponent): void {
    this.#changed.delete(component.name);
    this.#gone.set(component.name, { ...component, state: 'FINISHED', sources: [] });
  }

  /** @param report undefined for a deployment of this machine */
  deploymentEnded(report: DeploymentReport | undefined, deploymentId: string): void {
    if (report === undefined) {
      this.#tell('LOCAL_DEPLOYMENT', this.#news());
      return;
    }
    const { configurationArn, detailedStatus, errorStack, errorTypes, failureCause, status } = report;
    const news = this.#news();
    const told = new Set(news.map(({ name }) => name));
    const unchanged = this.#ports.components().filter(({ isRoot, name }) => isRoot && !told.has(name));
    this.#tell(report.channel === 'job' ? 'THING_GROUP_DEPLOYMENT' : 'THING_DEPLOYMENT', news, {
      status,
      fleetConfigurationArnForStatus: configurationArn,
      deploymentId,
      unchangedRootComponents: unchanged.map(({ name }) => name),
      statusDetails: { detailedStatus, failureCause, errorStack, errorTypes },
    });
  }

  #connected(): void {
    const { clock, components } = this.#ports;
    if (!this.#hasLaunched) {
      this.#hasLaunched = true;
      this.#tell('NUCLEUS_LAUNCH', components());
      return;
    }
    const news = this.#news();
    if (news.length === 0 && clock.now() - this.#lastReconnect < RECONNECT_INTERVAL) return;
    this.#lastReconnect = clock.now();
    this.#tell('RECONNECT', news);
  }

  /** Errors at once; else when all have come to rest. During a deployment errors alone. */
  #tellChanges(): void {
    const { components, connection, deploying } = this.#ports;
    if (!connection.connected) return;
    const all = components();
    const faulty = all.filter(
      ({ name, state }) => this.#changed.has(name) && (state === 'ERRORED' || state === 'BROKEN'),
    );
    if (deploying()) {
      for (const { name } of faulty) this.#changed.delete(name);
      if (faulty.length > 0) this.#tell('COMPONENT_STATUS_CHANGE', faulty);
    } else if (faulty.length > 0 || all.every(({ state }) => SETTLED.has(state))) {
      const news = this.#news();
      if (news.length > 0) this.#tell('COMPONENT_STATUS_CHANGE', news);
    }
  }

  /** What has changed and was not told. */
  #news(): StatusOfComponent[] {
    const present = this.#ports.components();
    const names = new Set(present.map(({ name }) => name));
    const news = [
      ...present.filter(({ name }) => this.#changed.has(name)),
      ...[...this.#gone.values()].filter(({ name }) => !names.has(name)),
    ];
    this.#changed.clear();
    this.#gone.clear();
    return news;
  }

  #beat(): void {
    this.#cadence = this.#ports.clock.after(CADENCE, () => {
      if (this.#ports.connection.connected) this.#tell('CADENCE', this.#ports.components());
      this.#beat();
    });
  }

  #tell(trigger: Trigger, components: readonly StatusOfComponent[], deploymentInformation?: object): void {
    const isComplete = trigger === 'NUCLEUS_LAUNCH' || trigger === 'CADENCE';
    if (isComplete) {
      this.#changed.clear();
      this.#gone.clear();
    }
    const all = this.#ports.components();
    const isUnhealthy = all.some(({ state }) => state === 'ERRORED' || state === 'BROKEN');
    const chunks = Math.max(1, Math.ceil(components.length / MAX_COMPONENTS));
    const sequenceNumber = this.#sequence++;
    for (let chunk = 0; chunk < chunks; chunk++) {
      const part = components.slice(chunk * MAX_COMPONENTS, (chunk + 1) * MAX_COMPONENTS);
      this.#publish({
        ggcVersion: this.#ports.nucleusVersion,
        platform: this.#ports.platform.os ?? 'unknown',
        architecture: this.#ports.platform.architecture ?? 'unknown',
        thing: this.#ports.thingName,
        overallDeviceStatus: isUnhealthy ? 'UNHEALTHY' : 'HEALTHY',
        sequenceNumber,
        // Later messages have later times, whatever the clock does.
        timestamp: chunk === 0 ? this.#nextTime() : this.#lastTime,
        messageType: isComplete ? 'COMPLETE' : 'PARTIAL',
        trigger,
        ...(chunks > 1 && { chunkInfo: { chunkId: chunk + 1, totalChunks: chunks } }),
        components: part.map(statusOf),
        ...(deploymentInformation !== undefined && { deploymentInformation }),
      });
    }
  }

  #nextTime(): number {
    this.#lastTime = Math.max(this.#ports.clock.now(), this.#lastTime + 1);
    return this.#lastTime;
  }

  #publish(message: object): void {
    const { connection, file, log, thingName } = this.#ports;
    this.#turn = this.#turn.then(async () => {
      if (this.#stopped || !connection.connected) return;
      writeStateFile(file, { sequence: this.#sequence });
      const topic = `$aws/things/${thingName}/greengrassv2/health/json`;
      await connection.publish(topic, Buffer.from(JSON.stringify(message)), 1).catch((error) => {
        log('warn', 'the cloud cannot be told of the health of this core', { reason: String(error) });
        this.#retry ??= this.#ports.clock.after(RETRY, () => {
          this.#retry = undefined;
          if (connection.connected) this.#tell('CADENCE', this.#ports.components());
        });
      });
    });
  }
}

function statusOf({ isRoot, name, reason, sources, state, version }: StatusOfComponent) {
  return {
    componentName: name,
    version,
    fleetConfigArns: sources,
    componentStatusDetails: { statusCodes: state === 'BROKEN' ? ['RUN_ERROR'] : [], statusReason: reason ?? '' },
    isRoot,
    status: state,
  };
}
