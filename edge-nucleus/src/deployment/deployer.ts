import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { AccessControlList } from '../access/access-control.ts';
import type { NucleusClock } from '../clock.ts';
import type { ConfigurationStore } from '../configuration/configuration-store.ts';
import type { ConfigurationValidation } from '../configuration/configuration-validation.ts';
import type { Configuration } from '../configuration/merge-configuration.ts';
import type { ComponentFleet } from '../lifecycle/component-fleet.ts';
import type { ComponentUpdates } from '../lifecycle/component-updates.ts';
import type { NucleusLog } from '../log.ts';
import { NucleusError } from '../nucleus-error.ts';
import { interpolateLifecycle } from '../recipe/interpolate.ts';
import { type Lifecycle, type Manifest, manifestFor, type PlatformAttributes } from '../recipe/recipe.ts';
import { removeStateFile, writeStateFile } from '../state/state-file.ts';
import type { AvailableComponent } from './component-source.ts';
import {
  type DeploymentDocument,
  LOCAL_TARGET,
  type PlannedDeployment,
  readDeployment,
  readPlanned,
} from './deployment-document.ts';
import {
  type DeploymentOutcome,
  type DeploymentRecord,
  readOutcome,
  readPending,
  readRecord,
} from './deployment-record.ts';
import type { DeploymentTargets } from './deployment-targets.ts';
import type { PackageStore } from './package-store.ts';
import { checkProvidedConfiguration } from './provided-configuration.ts';
import { type Chooser, newestOf, resolveComponents } from './resolve-components.ts';
import { type Change, changeOf, NOTHING, type Target, targetOf } from './target.ts';

/** Where the components of a deployment come from. */
export interface ComponentOrigin {
  readonly choose: Chooser;
  /** Brings what is to be installed to this machine. @throws NucleusError `ARTIFACT_INVALID` */
  fetch?(component: AvailableComponent, manifest: Manifest): Promise<AvailableComponent>;
}

export interface DeployerPorts {
  /** Where the record of the deployment is kept. */
  readonly directory: string;
  readonly packages: PackageStore;
  readonly store: ConfigurationStore;
  readonly access: AccessControlList;
  readonly fleet: ComponentFleet;
  readonly validation: ConfigurationValidation;
  readonly updates: ComponentUpdates;
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  readonly platform: PlatformAttributes;
  readonly rootPath: string;
  readonly thingName: string;
  /** Components that can be had and are not installed yet. @throws NucleusError `RECIPE_INVALID` */
  available(): readonly AvailableComponent[];
  /** Directory that a component works in, made. */
  workDirectory(name: string): string;
  /** @param dependencies names of what its recipe depends on */
  environment(name: string, dependencies: readonly string[]): Readonly<Record<string, string>>;
  /** The component is no more: its token and connections go. */
  onRemoved(name: string): void;
  readonly targets: DeploymentTargets;
  /** Versions of AWS' own components that the nucleus stands for, by name. */
  readonly provided: Readonly<Record<string, string>>;
  /** ms that components must run before a deployment has succeeded */
  readonly settleTime: number;
}

/**
 * Applies deployments, one after another.
 *
 * INVARIANTS
 * - Nothing is stopped before everything needed is found, checked and installed.
 * - A deployment that a `kill -9` interrupts is begun again by the next nucleus, with the same state to roll back to.
 */
export class Deployer {
  readonly #ports: DeployerPorts;
  readonly #recordFile: string;
  readonly #pendingFile: string;
  readonly #outcomeFile: string;
  readonly #abort = new AbortController();
  #current: Target = NOTHING;
  #busy = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #resumed: { readonly deploymentId: string | undefined; readonly outcome: Promise<DeploymentOutcome> } | undefined;

  constructor(ports: DeployerPorts) {
    this.#ports = ports;
    this.#recordFile = join(ports.directory, 'deployment.json');
    this.#pendingFile = join(ports.directory, 'deployment-pending.json');
    this.#outcomeFile = join(ports.directory, 'deployment-outcome.json');
  }

  /** Whether components may be changing now. */
  get busy(): boolean {
    return this.#busy > 0;
  }

  get current(): Target {
    return this.#current;
  }

  /**
   * Goes on as the last nucleus was. Resolves when components are started, not when they run; an interrupted deployment goes on in
   * the background.
   * @returns whether there was anything
   */
  async resume(): Promise<boolean> {
    const pending = readPending(this.#pendingFile);
    const record = pending?.previous ?? readRecord(this.#recordFile);
    if (record !== undefined && pending === undefined)
      await this.#carryOut(await this.#targetOf(this.#asStored(record)));
    if (pending !== undefined) {
      this.#ports.log('warn', 'an interrupted deployment begins again', {});
      const outcome = this.#queue(() => this.#deploy(pending.document, record, this.#originOf(pending.document)));
      outcome.catch(() => {});
      this.#resumed = { deploymentId: pending.document.deploymentId, outcome };
    }
    return record !== undefined || pending !== undefined;
  }

  /** @throws NucleusError `DEPLOYMENT_INVALID` for what is no deployment, `STOPPED` */
  async apply(value: unknown): Promise<DeploymentOutcome> {
    const document = readPlanned(readDeployment(value));
    return this.#queue(() => this.#deploy(document, this.#record(), this.#local()));
  }

  /**
   * A deployment of the cloud.
   * @param resumed an earlier nucleus was given it: what that one has begun or ended is not done a second time
   * @param signal ends it for as long as nothing has been changed
   * @throws NucleusError `STOPPED`; the signal's reason
   */
  async applyFromCloud(
    document: PlannedDeployment & { readonly deploymentId: string },
    origin: ComponentOrigin,
    resumed: boolean,
    signal: AbortSignal,
  ): Promise<DeploymentOutcome> {
    if (resumed) {
      if (this.#resumed?.deploymentId === document.deploymentId) return this.#resumed.outcome;
      const ended = readOutcome(this.#outcomeFile);
      if (ended?.deploymentId === document.deploymentId) return ended;
    }
    return this.#queue(() => this.#deploy(document, this.#record(), origin, signal));
  }

  async close(): Promise<void> {
    this.#abort.abort(new NucleusError('STOPPED', 'the nucleus ends'));
    await this.#turn.catch(() => {});
  }

  #queue<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn
      .catch(() => {})
      .then(async () => {
        this.#abort.signal.throwIfAborted();
        this.#busy++;
        try {
          return await task();
        } finally {
          this.#busy--;
        }
      });
    this.#turn = turn;
    return turn;
  }

  async #deploy(
    document: PlannedDeployment,
    previous: DeploymentRecord | undefined,
    origin: ComponentOrigin,
    signal: AbortSignal = this.#abort.signal,
  ): Promise<DeploymentOutcome> {
    const deploymentId = document.deploymentId ?? randomUUID();
    const { failureHandlingPolicy } = document.deploymentPolicies;
    const { log } = this.#ports;
    log('info', 'a deployment begins', { deploymentId, components: Object.keys(document.components) });
    let target: Target;
    try {
      target = await this.#plan(document, origin);
      await this.#validate(target, document, deploymentId);
      signal.throwIfAborted();
    } catch (error) {
      if (this.#abort.signal.aborted || signal.aborted || !(error instanceof NucleusError)) throw error;
      // One that a nucleus before has begun cannot go on: what it found counts.
      if (this.#current === NOTHING && previous !== undefined) await this.#carryOut(await this.#targetOf(previous));
      return this.#end({ deploymentId, status: 'FAILED_NO_STATE_CHANGE', reason: error.message, code: error.code });
    }
    writeStateFile(this.#pendingFile, { document: { ...document, deploymentId }, previous });
    const problem = await this.#tryOut(target, document, deploymentId);
    if (problem === undefined) return this.#end({ deploymentId, status: 'SUCCESSFUL' }, document);
    if (failureHandlingPolicy === 'ROLLBACK') return this.#end(await this.#rollBack(deploymentId, previous, problem));
    return this.#end({ deploymentId, status: 'FAILED_ROLLBACK_NOT_REQUESTED', reason: problem }, document);
  }

  /** @param carriedOut what the core has now, if it has not stayed as it was */
  #end(outcome: DeploymentOutcome, carriedOut?: PlannedDeployment): DeploymentOutcome {
    const record = this.#record();
    if (carriedOut !== undefined) this.#ports.targets.put({ ...carriedOut, deploymentId: outcome.deploymentId });
    writeStateFile(this.#outcomeFile, outcome);
    if (record === undefined) removeStateFile(this.#recordFile);
    else writeStateFile(this.#recordFile, record);
    removeStateFile(this.#pendingFile);
    this.#ports.log(outcome.status === 'SUCCESSFUL' ? 'info' : 'error', 'a deployment has ended', { ...outcome });
    return outcome;
  }

  /** @throws NucleusError */
  async #plan(document: PlannedDeployment, origin: ComponentOrigin): Promise<Target> {
    const { packages, platform, provided, store, targets } = this.#ports;
    checkProvidedConfiguration(document, provided);
    const roots = targets.roots(document);
    const ordered = await resolveComponents(roots, origin.choose, provided);
    const names = Object.keys(roots).filter((name) => provided[name] === undefined);
    const target = targetOf(document, names, ordered, (name) => store.get(name));
    for (const component of ordered) {
      const manifest = manifestFor(component.recipe, platform);
      packages.install((await origin.fetch?.(component, manifest)) ?? component, manifest);
    }
    return target;
  }

  /** One of the cloud was installed before it was written down. */
  #originOf({ target }: PlannedDeployment): ComponentOrigin {
    return target === LOCAL_TARGET ? this.#local() : { choose: newestOf(this.#ports.packages.installed()) };
  }

  /** Components of this machine. @throws NucleusError `RECIPE_INVALID` */
  #local(): ComponentOrigin {
    const { available, packages } = this.#ports;
    return { choose: (name, wishes) => newestOf([...available(), ...packages.installed()])(name, wishes) };
  }

  /** @throws NucleusError `DEPLOYMENT_FAILED` when a component refuses its configuration */
  async #validate(target: Target, { deploymentPolicies }: DeploymentDocument, deploymentId: string): Promise<void> {
    const { store, validation } = this.#ports;
    const timeout = deploymentPolicies.configurationValidationPolicy.timeoutInSeconds * 1_000;
    const asked = [...target.configurations].filter(([name, next]) => {
      const version = target.components.get(name)?.recipe.ComponentVersion;
      const same = this.#current.components.get(name)?.recipe.ComponentVersion === version;
      return same && !isDeepStrictEqual(store.get(name), next);
    });
    const verdicts = await Promise.all(
      asked.map(async ([name, next]) => ({ name, verdict: await validation.ask(name, deploymentId, next, timeout) })),
    );
    for (const { name, verdict } of verdicts) {
      if (verdict.status !== 'REJECTED') continue;
      throw new NucleusError('DEPLOYMENT_FAILED', `${name} refuses its configuration: ${verdict.message}`);
    }
  }

  /** @returns why it did not work */
  async #tryOut(target: Target, document: DeploymentDocument, deploymentId: string): Promise<string | undefined> {
    const { fleet, settleTime, updates } = this.#ports;
    const { action, timeoutInSeconds } = document.deploymentPolicies.componentUpdatePolicy;
    const change = this.#changeTo(target);
    const stopped = [...change.removed, ...change.replaced, ...change.restarted];
    const { signal } = this.#abort;
    const notify = action === 'NOTIFY_COMPONENTS';
    if (notify) await updates.ask(stopped, deploymentId, timeoutInSeconds * 1_000, signal);
    signal.throwIfAborted();
    try {
      await this.#carryOut(target);
    } catch (error) {
      if (!(error instanceof NucleusError)) throw error;
      return error.message;
    }
    const broken = await fleet.settled([...target.components.keys()], settleTime, signal);
    if (broken.length > 0) return `broken: ${broken.join(', ')}`;
    if (notify) updates.tellUpdated([...target.components.keys()], deploymentId);
    return undefined;
  }

  async #rollBack(
    deploymentId: string,
    previous: DeploymentRecord | undefined,
    reason: string,
  ): Promise<DeploymentOutcome> {
    const { fleet, log, settleTime } = this.#ports;
    log('warn', 'a deployment is rolled back', { deploymentId, reason });
    const target = previous === undefined ? NOTHING : await this.#targetOf(previous);
    await this.#carryOut(target);
    const broken = await fleet.settled([...target.components.keys()], settleTime, this.#abort.signal);
    if (broken.length === 0) return { deploymentId, status: 'FAILED_ROLLBACK_COMPLETE', reason };
    const both = `${reason}; rolled back and still broken: ${broken.join(', ')}`;
    return { deploymentId, status: 'FAILED_UNABLE_TO_ROLLBACK', reason: both };
  }

  /** Makes the core run the target: resolves when everything is started. */
  async #carryOut(target: Target): Promise<void> {
    const { access, clock, fleet, onRemoved, store } = this.#ports;
    const { removed, replaced, restarted } = this.#changeTo(target);
    await fleet.stop([...removed, ...replaced, ...restarted]);
    fleet.remove([...removed, ...replaced]);
    for (const name of removed) {
      access.remove(name);
      onRemoved(name);
      store.remove(name);
    }
    for (const [name, configuration] of target.configurations) {
      store.set(name, configuration, clock.now());
      access.set(name, configuration.accessControl);
    }
    this.#current = target;
    for (const name of replaced) fleet.put(this.#memberOf(name));
    for (const name of target.components.keys()) fleet.start(name);
  }

  #changeTo(target: Target): Change {
    const { fleet, store } = this.#ports;
    const current = new Map(
      [...this.#current.configurations].map(([name, planned]) => [name, store.get(name) ?? planned] as const),
    );
    return changeOf(
      { ...this.#current, configurations: current },
      target,
      (name, of) => this.#lifecycleOf(name, of.components, (other) => of.configurations.get(other)),
      (name) => fleet.state(name) === 'BROKEN' || fleet.state(name) === undefined,
    );
  }

  #memberOf(name: string) {
    const { environment, provided, workDirectory } = this.#ports;
    const component = this.#current.components.get(name) as AvailableComponent;
    const dependencies = Object.entries(component.recipe.ComponentDependencies).filter(
      ([other]) => !(other in provided),
    );
    return {
      plan: {
        name,
        version: component.recipe.ComponentVersion,
        lifecycle: () => this.#lifecycleOf(name, this.#current.components, (other) => this.#ports.store.get(other)),
        environment: environment(name, Object.keys(component.recipe.ComponentDependencies)),
        directory: workDirectory(name),
      },
      dependencies: dependencies.map(([other]) => other),
      hardDependencies: dependencies
        .filter(([, { DependencyType }]) => DependencyType === 'HARD')
        .map(([other]) => other),
    };
  }

  #lifecycleOf(
    name: string,
    components: ReadonlyMap<string, AvailableComponent>,
    configuration: (name: string) => Configuration | undefined,
  ): Lifecycle {
    const { packages, platform, rootPath, thingName, workDirectory } = this.#ports;
    const { recipe } = components.get(name) as AvailableComponent;
    return interpolateLifecycle(manifestFor(recipe, platform).Lifecycle, {
      rootPath,
      thingName,
      component(other) {
        const owner = other === '' ? name : other;
        const found = components.get(owner);
        if (found === undefined || (owner !== name && !Object.hasOwn(recipe.ComponentDependencies, owner)))
          return undefined;
        const version = found.recipe.ComponentVersion;
        return {
          artifacts: packages.artifacts(owner, version),
          decompressed: packages.decompressed(owner, version),
          work: workDirectory(owner),
          configuration: configuration(owner) ?? {},
        };
      },
    });
  }

  /** Undefined: nothing was ever deployed. */
  #record(): DeploymentRecord | undefined {
    if (this.#current === NOTHING) return undefined;
    const { components, configurations, roots } = this.#current;
    return {
      roots: [...roots],
      components: Object.fromEntries([...components].map(([name, { recipe }]) => [name, recipe.ComponentVersion])),
      configurations: Object.fromEntries(
        [...configurations].map(([name, planned]) => [name, this.#ports.store.get(name) ?? planned]),
      ),
    };
  }

  /** With what components have changed of their configurations since it was written. */
  #asStored(record: DeploymentRecord): DeploymentRecord {
    const configurations = Object.fromEntries(
      Object.entries(record.configurations).map(([name, before]) => [name, this.#ports.store.get(name) ?? before]),
    );
    return { ...record, configurations };
  }

  /** @throws NucleusError `DEPENDENCY_UNMET` when an installed version has gone */
  async #targetOf({ components, configurations, roots }: DeploymentRecord): Promise<Target> {
    const { packages, platform, provided } = this.#ports;
    const wishes = Object.entries(components).map(
      ([name, range]) => [name, [{ by: 'what ran before', range }]] as const,
    );
    const ordered = await resolveComponents(Object.fromEntries(wishes), newestOf(packages.installed()), provided);
    for (const component of ordered) packages.install(component, manifestFor(component.recipe, platform));
    return {
      roots,
      components: new Map(ordered.map((component) => [component.recipe.ComponentName, component])),
      configurations: new Map(Object.entries(configurations)),
    };
  }
}
