import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { arch, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { AccessControlList } from './access/access-control.ts';
import { type NucleusClock, systemClock } from './clock.ts';
import { CloudCore } from './cloud/cloud-core.ts';
import type { CoreConnection } from './cloud/core-connection.ts';
import type { GreengrassCloud } from './cloud/greengrass/greengrass-cloud.ts';
import type { RoleCredentials } from './cloud/greengrass/role-credentials.ts';
import { iotCoreOperations } from './cloud/iot-core-operations.ts';
import { type SecretSource, secretOperations } from './cloud/secret-operations.ts';
import { ShadowClient } from './cloud/shadow-client.ts';
import { shadowOperations } from './cloud/shadow-operations.ts';
import { shadowTopics } from './cloud/shadow-topics.ts';
import { Spool } from './cloud/spool.ts';
import { TokenExchange } from './cloud/token-exchange.ts';
import { configurationOperations } from './configuration/configuration-operations.ts';
import { ConfigurationStore } from './configuration/configuration-store.ts';
import { ConfigurationValidation } from './configuration/configuration-validation.ts';
import { type ControlRequest, RUNTIME_FILE } from './control/control-protocol.ts';
import { type ControlServer, startControlServer } from './control/control-server.ts';
import { componentsIn } from './deployment/component-source.ts';
import { Deployer } from './deployment/deployer.ts';
import type { DeploymentOutcome } from './deployment/deployment-record.ts';
import { DeploymentTargets } from './deployment/deployment-targets.ts';
import { PackageStore } from './deployment/package-store.ts';
import { PROVIDED, TOKEN_EXCHANGE } from './deployment/resolve-components.ts';
import { type IpcServer, startIpcServer } from './ipc/ipc-server.ts';
import { ComponentFleet } from './lifecycle/component-fleet.ts';
import { ComponentUpdates } from './lifecycle/component-updates.ts';
import {
  type ComponentDetails,
  type ComponentHost,
  cliOperations,
  lifecycleOperations,
} from './lifecycle/lifecycle-operations.ts';
import { ProcessRegister } from './lifecycle/process-register.ts';
import type { NucleusLog } from './log.ts';
import { ComponentLog } from './logs/component-log.ts';
import { NucleusError } from './nucleus-error.ts';
import { LocalTopics } from './pubsub/local-topics.ts';
import { pubsubOperations } from './pubsub/pubsub-operations.ts';
import type { PlatformAttributes } from './recipe/recipe.ts';
import { lockRoot } from './state/root-lock.ts';
import { removeStateFile, writeStateFile } from './state/state-file.ts';

export interface NucleusOptions {
  /** Everything that the nucleus keeps is below it; one nucleus for a directory. Made if missing. */
  readonly root: string;
  /** The core's thing. */
  readonly thingName: string;
  readonly region: string;
  /** Where built components are found; see `componentsIn`. */
  readonly componentDirectories: readonly string[];
  readonly connection: CoreConnection;
  /** Where deployments of the cloud come from. @default deployments of this machine alone, and nothing is told of them */
  readonly cloud?: GreengrassCloud | undefined;
  /** What components get from the token exchange service. @default there is none, and what depends on it is refused */
  readonly credentials?: RoleCredentials | undefined;
  /** @default this core has no secrets */
  readonly secrets?: SecretSource | undefined;
  /** PEM file of the CA of AWS IoT Core's certificate, for components that connect by themselves. */
  readonly rootCaPath?: string | undefined;
  /** `PATH` of components, behind the directory of this Node.js. @default /usr/local/bin:/usr/bin:/bin */
  readonly searchPath?: string | undefined;
  /** ms that components must run before a deployment has succeeded. @default 5000 */
  readonly settleTime?: number;
  readonly platform?: PlatformAttributes;
  readonly clock?: NucleusClock;
  /** @default silent */
  readonly log?: NucleusLog;
}

/** A component as `fleetwright edge list` shows it. */
export interface ListedComponent extends ComponentDetails {
  /** Named by the deployment, rather than needed by another. */
  readonly root: boolean;
}

const SETTLE_TIME = 5_000;
/** Longest path of a Unix socket on Linux (unix(7)), less the names of ours. bytes */
const MAX_SOCKET_DIRECTORY_BYTES = 90;

/** Names that the nucleus gives to Node's architectures (recipe reference, `architecture`). */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: 'x86', arm64: 'aarch64', arm: 'arm' };

/**
 * An AWS IoT Greengrass nucleus for components with recipes of format 2020-01-25: it runs them, serves Greengrass IPC to
 * them and applies deployments.
 *
 * INVARIANT: after `close` resolves no component runs, and what is deployed is there again at the next start.
 */
export class Nucleus implements ComponentHost {
  readonly #options: NucleusOptions;
  readonly #clock: NucleusClock;
  readonly #log: NucleusLog;
  readonly #root: string;
  readonly #store: ConfigurationStore;
  readonly #access: AccessControlList;
  readonly #fleet: ComponentFleet;
  readonly #deployer: Deployer;
  readonly #spool: Spool;
  readonly #logs = new Map<string, ComponentLog>();
  readonly #tokens = new Map<string, string>();
  readonly #operations: Parameters<typeof startIpcServer>[1]['operations'];
  readonly #register: ProcessRegister;
  readonly #cloud: CloudCore | undefined;
  readonly #tokenExchange: TokenExchange | undefined;
  #socketDirectory = '';
  #ipc: IpcServer | undefined;
  #control: ControlServer | undefined;
  #unlock = (): void => {};

  constructor(options: NucleusOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? (() => {});
    this.#root = resolve(options.root);
    const { connection, thingName } = options;
    this.#store = new ConfigurationStore(join(this.#root, 'config'));
    this.#access = new AccessControlList(thingName);
    this.#register = new ProcessRegister(join(this.#root, 'processes.json'));
    const validation = new ConfigurationValidation(this.#clock);
    const updates = new ComponentUpdates(this.#clock);
    this.#spool = new Spool(connection, this.#clock, this.#log);
    const topics = new LocalTopics(shadowTopics(connection, thingName, this.#log));
    this.#fleet = new ComponentFleet({
      clock: this.#clock,
      log: this.#log,
      onLine: (name, stream, line) => this.#logOf(name).write(this.#clock.now(), stream, line),
      onGroup: (pid, alive) => this.#register.note(pid, alive),
      onState: (component, state) => {
        this.#log(state === 'ERRORED' || state === 'BROKEN' ? 'error' : 'info', 'component', { component, state });
        // "Removes subscriptions when the component reaches the end of its lifecycle."
        if (state === 'FINISHED' || state === 'BROKEN') this.#ipc?.disconnect(component);
        this.#cloud?.changed(component);
      },
    });
    const packages = new PackageStore(join(this.#root, 'packages'));
    const targets = new DeploymentTargets(join(this.#root, 'deployment-targets.json'));
    const platform = options.platform ?? { os: 'linux', architecture: ARCHITECTURES[arch()] ?? arch() };
    const { cloud, credentials } = options;
    if (credentials !== undefined) {
      this.#tokenExchange = new TokenExchange(credentials, (token) => this.#mayHaveCredentials(token), this.#log);
    }
    this.#deployer = new Deployer({
      directory: this.#root,
      packages,
      store: this.#store,
      access: this.#access,
      fleet: this.#fleet,
      validation,
      updates,
      clock: this.#clock,
      log: this.#log,
      platform,
      rootPath: this.#root,
      thingName,
      available: () => options.componentDirectories.flatMap((directory) => componentsIn(resolve(directory))),
      targets,
      provided: credentials === undefined ? PROVIDED : { ...PROVIDED, ...TOKEN_EXCHANGE },
      workDirectory: (name) => this.#workDirectory(name),
      environment: (name, dependencies) => this.#environment(name, dependencies),
      onRemoved: (name) => {
        for (const [token, owner] of this.#tokens) if (owner === name) this.#tokens.delete(token);
        this.#cloud?.removed(name, this.#deployer.current.components.get(name)?.recipe.ComponentVersion ?? '');
        this.#ipc?.disconnect(name);
      },
      settleTime: options.settleTime ?? SETTLE_TIME,
    });
    const shadows = new ShadowClient(connection, this.#clock);
    if (cloud !== undefined) {
      this.#cloud = new CloudCore({
        root: this.#root,
        thingName,
        cloud,
        connection,
        shadows,
        deployer: this.#deployer,
        targets,
        packages,
        platform,
        clock: this.#clock,
        log: this.#log,
        state: (name) => this.#fleet.state(name),
      });
    }
    const operations = [
      ...pubsubOperations(topics, this.#access),
      ...iotCoreOperations(connection, this.#spool, this.#access),
      ...configurationOperations(this.#store, validation),
      ...lifecycleOperations(this, updates),
      ...cliOperations(this, this.#access),
      ...shadowOperations(shadows, thingName, this.#access),
      ...secretOperations(options.secrets, this.#access),
    ];
    this.#operations = new Map(operations.map((operation) => [operation.name, operation]));
  }

  /** Names of the IPC operations that it serves. */
  get operations(): readonly string[] {
    return [...this.#operations.keys()];
  }

  /** Locks the root, ends what an earlier nucleus left, and goes on with what is deployed. @throws NucleusError, IpcError */
  async start(): Promise<{ readonly resumed: boolean }> {
    this.#unlock = lockRoot(this.#root);
    try {
      const ended = this.#register.endLeftovers();
      if (ended > 0) this.#log('warn', 'components of an earlier nucleus were still running', { ended });
      const long = Buffer.byteLength(this.#root) > MAX_SOCKET_DIRECTORY_BYTES;
      this.#socketDirectory = long ? mkdtempSync(join(tmpdir(), 'fleetwright-edge-')) : this.#root;
      this.#ipc = await startIpcServer(join(this.#socketDirectory, 'ipc.socket'), {
        authenticate: (token) => {
          const componentName = this.#tokens.get(token);
          return componentName === undefined ? undefined : { componentName };
        },
        operations: this.#operations,
        clock: this.#clock,
        log: this.#log,
      });
      const controlPath = join(this.#socketDirectory, 'control.socket');
      this.#control = await startControlServer(controlPath, (request) => this.#run(request), {
        clock: this.#clock,
        log: this.#log,
      });
      await this.#tokenExchange?.start();
      const resumed = await this.#deployer.resume();
      const { thingName } = this.#options;
      const runtime = { pid: process.pid, thingName, ipcPath: this.#ipc.path, controlPath };
      writeStateFile(join(this.#root, RUNTIME_FILE), runtime);
      await this.#cloud?.start();
      return { resumed };
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** @param document see the README @throws NucleusError `DEPLOYMENT_INVALID`, `STOPPED` */
  async deploy(document: unknown): Promise<DeploymentOutcome> {
    const outcome = await this.#deployer.apply(document);
    this.#cloud?.localDeploymentEnded(outcome.deploymentId);
    return outcome;
  }

  /** All components, in the order in which they depend on each other. */
  list(): ListedComponent[] {
    const { components, roots } = this.#deployer.current;
    return [...components.keys()].flatMap((name) => {
      const details = this.details(name);
      return details === undefined ? [] : [{ ...details, root: roots.includes(name) }];
    });
  }

  rootComponents(): readonly string[] {
    return this.#deployer.current.roots;
  }

  details(component: string): ComponentDetails | undefined {
    const version = this.#deployer.current.components.get(component)?.recipe.ComponentVersion;
    const state = this.#fleet.state(component);
    if (version === undefined || state === undefined) return undefined;
    return { componentName: component, version, state, configuration: this.#store.get(component) ?? {} };
  }

  report(component: string, state: 'RUNNING' | 'ERRORED'): boolean {
    return this.#fleet.report(component, state);
  }

  /** @throws NucleusError `COMPONENT_UNKNOWN` */
  restart(component: string): void {
    this.#demandKnown(component);
    void this.#fleet.restart(component);
  }

  /** Until it is started again, by `restart` or a deployment. @throws NucleusError `COMPONENT_UNKNOWN` */
  stop(component: string): void {
    this.#demandKnown(component);
    void this.#fleet.stop([component]);
  }

  async close(): Promise<void> {
    // Before the deployer, which ends what it waits for.
    const cloudStopped = this.#cloud?.stop();
    await this.#deployer.close();
    await cloudStopped;
    await this.#tokenExchange?.close();
    await this.#fleet.stop(this.#fleet.names);
    this.#spool.close();
    await this.#control?.close();
    await this.#ipc?.close();
    await Promise.all([...this.#logs.values()].map((log) => log.flush()));
    removeStateFile(join(this.#root, RUNTIME_FILE));
    if (this.#socketDirectory !== '' && this.#socketDirectory !== this.#root) {
      rmSync(this.#socketDirectory, { recursive: true, force: true });
    }
    this.#unlock();
  }

  #demandKnown(component: string): void {
    if (this.#fleet.state(component) === undefined) {
      throw new NucleusError('COMPONENT_UNKNOWN', `${component} is not deployed`);
    }
  }

  async #run(request: ControlRequest): Promise<unknown> {
    if (request.command === 'list') return this.list();
    if (request.command === 'deploy') return this.deploy(request.document);
    this[request.command](request.component);
    return {};
  }

  #logOf(name: string): ComponentLog {
    const log = this.#logs.get(name) ?? new ComponentLog(join(this.#root, 'logs', `${name}.log`));
    this.#logs.set(name, log);
    return log;
  }

  #workDirectory(name: string): string {
    const directory = join(this.#root, 'work', name);
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return directory;
  }

  #mayHaveCredentials(token: string): boolean {
    const component = this.#deployer.current.components.get(this.#tokens.get(token) ?? '');
    return Object.keys(component?.recipe.ComponentDependencies ?? {}).some((name) => name in TOKEN_EXCHANGE);
  }

  /** Developer guide, "Component environment variable reference". */
  #environment(name: string, dependencies: readonly string[]): Readonly<Record<string, string>> {
    const exchange = dependencies.some((other) => other in TOKEN_EXCHANGE) ? this.#tokenExchange : undefined;
    const token = this.#tokenOf(name);
    const { region, rootCaPath, searchPath = '/usr/local/bin:/usr/bin:/bin', thingName } = this.#options;
    return {
      PATH: `${dirname(process.execPath)}:${searchPath}`,
      AWS_IOT_THING_NAME: thingName,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      GGC_VERSION: PROVIDED['aws.greengrass.Nucleus'] as string,
      ...(rootCaPath !== undefined && { GG_ROOT_CA_PATH: rootCaPath }),
      AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT: this.#ipc?.path ?? '',
      SVCUID: token,
      ...(exchange !== undefined && {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: exchange.url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: token,
      }),
    };
  }

  #tokenOf(name: string): string {
    for (const [token, owner] of this.#tokens) if (owner === name) return token;
    const token = randomBytes(24).toString('base64url');
    this.#tokens.set(token, name);
    return token;
  }
}

/** @throws NucleusError, IpcError */
export async function startNucleus(options: NucleusOptions): Promise<Nucleus> {
  const nucleus = new Nucleus(options);
  await nucleus.start();
  return nucleus;
}
