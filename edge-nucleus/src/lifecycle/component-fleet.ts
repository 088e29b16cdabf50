import type { NucleusClock } from '../clock.ts';
import type { NucleusLog } from '../log.ts';
import type { ComponentState } from './component-state.ts';
import { type ComponentPlan, ManagedComponent } from './managed-component.ts';

/** A component and what it stands on. */
export interface FleetMember {
  readonly plan: ComponentPlan;
  /** Names of the components that must be there while it runs. */
  readonly hardDependencies: readonly string[];
  /** Names of all that it depends on, for the order of stopping. */
  readonly dependencies: readonly string[];
}

export interface FleetPorts {
  readonly clock: NucleusClock;
  readonly log: NucleusLog;
  onLine(component: string, stream: string, line: string): void;
  onState(component: string, state: ComponentState): void;
  onGroup(pid: number, alive: boolean): void;
}

interface Entry {
  readonly member: FleetMember;
  readonly managed: ManagedComponent;
  wanted: boolean;
  /** What is done to it comes one after another. */
  turn: Promise<void>;
  /** ms since the epoch of its last change of state */
  since: number;
}

/**
 * All components of a core.
 *
 * INVARIANTS
 * - A component starts when its hard dependencies run or have finished, and starts again when one of them has stopped doing
 *   so (recipe reference, `DependencyType`).
 * - What was asked last of a component holds: a restart does not bring back what was stopped meanwhile.
 */
export class ComponentFleet {
  readonly #ports: FleetPorts;
  readonly #entries = new Map<string, Entry>();
  readonly #watchers = new Set<() => void>();

  constructor(ports: FleetPorts) {
    this.#ports = ports;
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  member(name: string): FleetMember | undefined {
    return this.#entries.get(name)?.member;
  }

  state(name: string): ComponentState | undefined {
    return this.#entries.get(name)?.managed.state;
  }

  report(name: string, state: 'RUNNING' | 'ERRORED'): boolean {
    return this.#entries.get(name)?.managed.report(state) ?? false;
  }

  /** Takes it in, not started. What has its name must be stopped. */
  put(member: FleetMember): void {
    const { name } = member.plan;
    const managed = new ManagedComponent(member.plan, {
      clock: this.#ports.clock,
      log: this.#ports.log,
      onLine: (stream, line) => this.#ports.onLine(name, stream, line),
      onGroup: (pid, alive) => this.#ports.onGroup(pid, alive),
      onState: (state, before) => this.#changed(name, state, before),
      dependenciesReady: (signal) => this.#dependenciesReady(member, signal),
    });
    const entry = { member, managed, wanted: false, turn: Promise.resolve(), since: this.#ports.clock.now() };
    this.#entries.set(name, entry);
  }

  /** Forgets stopped components. */
  remove(names: readonly string[]): void {
    for (const name of names) this.#entries.delete(name);
  }

  start(name: string): void {
    const entry = this.#need(name);
    entry.wanted = true;
    this.#then(entry, async () => {
      if (entry.wanted) entry.managed.start();
    });
  }

  /** Resolves when none of them runs; what depends on others ends first. */
  async stop(names: readonly string[]): Promise<void> {
    const left = new Set(names.filter((name) => this.#entries.has(name)));
    for (const name of left) this.#need(name).wanted = false;
    while (left.size > 0) {
      const free = [...left].filter((name) => !this.#dependents(name).some((dependent) => left.has(dependent)));
      // None is free only where they depend on each other, which no deployment has.
      const batch = free.length > 0 ? free : [...left];
      await Promise.all(batch.map((name) => this.#stopOne(this.#need(name))));
      for (const name of batch) left.delete(name);
    }
  }

  /** Starts it again; one that is broken from the beginning. Does nothing to one that is stopped meanwhile. */
  async restart(name: string): Promise<void> {
    const entry = this.#need(name);
    entry.wanted = true;
    await this.#then(entry, async () => {
      if (!entry.wanted) return;
      if (entry.managed.state === 'BROKEN') await entry.managed.reinstall();
      else await entry.managed.restart();
    });
  }

  /**
   * Resolves when each of them has run, or been finished, for `settle` ms.
   * @returns those that are broken: with the first of them it is over
   */
  settled(names: readonly string[], settle: number, signal: AbortSignal): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      let timer: { cancel(): void } | undefined;
      const end = (): void => {
        timer?.cancel();
        this.#watchers.delete(look);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        end();
        reject(signal.reason);
      };
      const look = (): void => {
        timer?.cancel();
        const broken = names.filter((name) => this.state(name) === 'BROKEN');
        const since = names.map((name) => this.#steadySince(name));
        const due = Math.max(0, ...since) + settle;
        const wait = due - this.#ports.clock.now();
        if (broken.length > 0 || (since.every(Number.isFinite) && wait <= 0) || names.length === 0) {
          end();
          resolve(broken);
        } else if (Number.isFinite(wait)) timer = this.#ports.clock.after(wait, look);
      };
      signal.addEventListener('abort', abort, { once: true });
      this.#watchers.add(look);
      void Promise.all(names.map((name) => this.#need(name).turn)).then(look);
    });
  }

  /** Infinity: it neither runs nor is done. */
  #steadySince(name: string): number {
    const entry = this.#entries.get(name);
    return entry !== undefined && isReady(entry.managed.state) ? entry.since : Number.POSITIVE_INFINITY;
  }

  async #stopOne(entry: Entry): Promise<void> {
    // Before what is under way ends: a restart must not start it.
    const stopping = entry.managed.stop();
    await this.#then(entry, async () => {
      await stopping;
      if (!entry.wanted) await entry.managed.stop();
    });
  }

  #then(entry: Entry, task: () => Promise<void>): Promise<void> {
    entry.turn = entry.turn.then(task).catch((error) => {
      this.#ports.log('error', 'a component cannot be led', {
        component: entry.member.plan.name,
        reason: String(error),
      });
    });
    return entry.turn;
  }

  #changed(name: string, state: ComponentState, before: ComponentState): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.since = this.#ports.clock.now();
    this.#ports.onState(name, state);
    for (const watcher of [...this.#watchers]) watcher();
    if (!isReady(before) || isReady(state)) return;
    for (const [dependent, { managed, member, wanted }] of this.#entries) {
      if (!wanted || !member.hardDependencies.includes(name)) continue;
      if (managed.state === 'STARTING' || managed.state === 'RUNNING') void this.restart(dependent);
    }
  }

  #dependenciesReady({ hardDependencies, plan }: FleetMember, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        const missing = hardDependencies.filter((name) => !isReady(this.state(name)));
        if (missing.length > 0 && !signal.aborted) return;
        this.#watchers.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#watchers.add(look);
      signal.addEventListener('abort', look, { once: true });
      look();
      if (this.#watchers.has(look)) {
        this.#ports.log('info', 'a component waits for others', { component: plan.name, for: hardDependencies });
      }
    });
  }

  #dependents(name: string): string[] {
    return [...this.#entries].flatMap(([other, { member }]) => (member.dependencies.includes(name) ? [other] : []));
  }

  #need(name: string): Entry {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw new Error(`no component ${name}`);
    return entry;
  }
}

function isReady(state: ComponentState | undefined): boolean {
  return state === 'RUNNING' || state === 'FINISHED';
}
