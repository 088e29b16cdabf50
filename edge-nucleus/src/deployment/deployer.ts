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
import { type Lifecycle, manifestFor, type PlatformAttributes } from '../recipe/recipe.ts';
import { removeStateFile, writeStateFile } from '../state/state-file.ts';
import type { AvailableComponent } from './component-source.ts';
import { type DeploymentDocument, readDeployment } from './deployment-document.ts';
import { type DeploymentRecord, readPending, readRecord } from './deployment-record.ts';
import type { PackageStore } from './package-store.ts';
import { PROVIDED, resolveComponents } from './resolve-components.ts';
import { type Change, changeOf, NOTHING, type Target, targetOf } from './target.ts';

/** As `DetailedDeploymentStatus` of the IPC model. */
export type DeploymentStatus =
  | 'SUCCESSFUL'
  /** Refused before anything was stopped. */
  | 'FAILED_NO_STATE_CHANGE'
  | 'FAILED_ROLLBACK_NOT_REQUESTED'
  | 'FAILED_ROLLBACK_COMPLETE'
  | 'FAILED_UNABLE_TO_ROLLBACK';

export interface DeploymentOutcome {
  readonly deploymentId: string;
  readonly status: DeploymentStatus;
  readonly reason?: string;
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
  environment(name: string): Readonly<Record<string, string>>;
  /** The component is no more: its token and connections go. */
  onRemoved(name: string): void;
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
  readonly #abort = new AbortController();
  #current: Target = NOTHING;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ports: DeployerPorts) {
    this.#ports = ports;
    this.#recordFile = join(ports.directory, 'deployment.json');
    this.#pendingFile = join(ports.directory, 'deployment-pending.json');
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
    if (record !== undefined && pending === undefined) await this.#carryOut(this.#targetOf(this.#asStored(record)));
    if (pending !== undefined) {
      this.#ports.log('warn', 'an interrupted deployment begins again', {});
      void this.#queue(() => this.#deploy(pending.document, record)).catch(() => {});
    }
    return record !== undefined || pending !== undefined;
  }

  /** @throws NucleusError `DEPLOYMENT_INVALID` for what is no deployment, `STOPPED` */
  async apply(value: unknown): Promise<DeploymentOutcome> {
    const document = readDeployment(value);
    return this.#queue(() => this.#deploy(document, this.#record()));
  }

  async close(): Promise<void> {
    this.#abort.abort(new NucleusError('STOPPED', 'the nucleus ends'));
    await this.#turn.catch(() => {});
  }

  #queue<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#turn
      .catch(() => {})
      .then(() => {
        this.#abort.signal.throwIfAborted();
        return task();
      });
    this.#turn = turn;
    return turn;
  }

  async #deploy(document: DeploymentDocument, previous: DeploymentRecord | undefined): Promise<DeploymentOutcome> {
    const deploymentId = document.deploymentId ?? randomUUID();
    const { failureHandlingPolicy } = document.deploymentPolicies;
    const { log } = this.#ports;
    log('info', 'a deployment begins', { deploymentId, components: Object.keys(document.components) });
    let target: Target;
    try {
      target = this.#plan(document);
      await this.#validate(target, document, deploymentId);
    } catch (error) {
      if (this.#abort.signal.aborted || !(error instanceof NucleusError)) throw error;
      // One that a nucleus before has begun cannot go on: what it found counts.
      if (this.#current === NOTHING && previous !== undefined) await this.#carryOut(this.#targetOf(previous));
      return this.#end({ deploymentId, status: 'FAILED_NO_STATE_CHANGE', reason: error.message });
    }
    writeStateFile(this.#pendingFile, { document: { ...document, deploymentId }, previous });
    const problem = await this.#tryOut(target, document, deploymentId);
    if (problem === undefined) return this.#end({ deploymentId, status: 'SUCCESSFUL' });
    if (failureHandlingPolicy === 'ROLLBACK') return this.#end(await this.#rollBack(deploymentId, previous, problem));
    return this.#end({ deploymentId, status: 'FAILED_ROLLBACK_NOT_REQUESTED', reason: problem });
  }

  #end(outcome: DeploymentOutcome): DeploymentOutcome {
    const record = this.#record();
    if (record === undefined) removeStateFile(this.#recordFile);
    else writeStateFile(this.#recordFile, record);
    removeStateFile(this.#pendingFile);
    this.#ports.log(outcome.status === 'SUCCESSFUL' ? 'info' : 'error', 'a deployment has ended', { ...outcome });
    return outcome;
  }

  /** @throws NucleusError */
  #plan(document: DeploymentDocument): Target {
    const { packages, platform, store } = this.#ports;
    const roots = Object.fromEntries(Object.entries(document.components).map(([name, { version }]) => [name, version]));
    const found = [...this.#ports.available(), ...packages.installed()];
    const ordered = resolveComponents(roots, found);
    const target = targetOf(document, ordered, (name) => store.get(name));
    for (const component of ordered) packages.install(component, manifestFor(component.recipe, platform));
    return target;
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
    const target = previous === undefined ? NOTHING : this.#targetOf(previous);
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
    const { environment, workDirectory } = this.#ports;
    const component = this.#current.components.get(name) as AvailableComponent;
    const dependencies = Object.entries(component.recipe.ComponentDependencies).filter(
      ([other]) => !(other in PROVIDED),
    );
    return {
      plan: {
        name,
        version: component.recipe.ComponentVersion,
        lifecycle: () => this.#lifecycleOf(name, this.#current.components, (other) => this.#ports.store.get(other)),
        environment: environment(name),
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
  #targetOf({ components, configurations, roots }: DeploymentRecord): Target {
    const { packages, platform } = this.#ports;
    const ordered = resolveComponents(components, packages.installed());
    for (const component of ordered) packages.install(component, manifestFor(component.recipe, platform));
    return {
      roots,
      components: new Map(ordered.map((component) => [component.recipe.ComponentName, component])),
      configurations: new Map(Object.entries(configurations)),
    };
  }
}
