import type { JobStatus } from '@aws-sdk/client-iot';
import type { RegistryChange } from '../registry/registry-events.ts';
import { isTerminal } from './execution-status.ts';
import { isActive, type JobEngine, type JobEngineParts, jobKey } from './job-engine.ts';
import { targetsGroup, targetsThing } from './job-targets.ts';
import { ROLLOUT_PERIOD } from './limits.ts';
import type { JobRecord } from './records.ts';
import { rolloutRate } from './rollout-rate.ts';
import { type Schedule, scheduleOf } from './schedule.ts';

/**
 * Which things a job has yet to reach, and when it reaches them (developer guide, `jobs-configurations-details`).
 *
 * A rollout goes out in batches, one a minute, each of the rate that holds when it begins.
 */
export class JobRollouts {
  readonly #parts: JobEngineParts;
  readonly #engine: JobEngine;
  /** Active continuous jobs, by id. */
  readonly #continuous = new Set<string>();

  constructor(parts: JobEngineParts, engine: JobEngine) {
    this.#parts = parts;
    this.#engine = engine;
  }

  /** Takes up what an earlier run left, and begins to follow the registry. */
  resume(): void {
    const { state, service } = this.#parts;
    for (const execution of [...state.allPending()]) this.#engine.watch(execution);
    for (const id of [...state.rollouts.keys()]) if (!state.jobs.has(id)) state.rollouts.delete(id);
    for (const job of [...state.jobs.values()]) {
      this.#engine.finish(job);
      if (!isActive(job)) continue;
      if (job.targetSelection === 'CONTINUOUS') this.#continuous.add(job.id);
      this.#advance(job.id);
    }
    service.registry.state.events.onChange((change) => this.#follow(change));
  }

  /** Puts a new job and begins it. Its things come first: a job without any that are left is over. */
  begin(job: JobRecord, things: readonly string[]): void {
    const { state } = this.#parts;
    if (things.length > 0) state.rollouts.put(job.id, { pending: things, notified: 0, nextAt: this.#now() });
    state.jobs.put(job.id, job);
    if (job.targetSelection === 'CONTINUOUS') this.#continuous.add(job.id);
    this.#advance(job.id);
  }

  /**
   * Things that join a running job: "the job executions are created in near-real time as soon as the devices join the
   * target group". Where the job may not reach out now, they wait with the others.
   */
  add(job: JobRecord, things: readonly string[]): void {
    const { state } = this.#parts;
    if (!isActive(job) || job.rolloutEnded === true) return;
    const rollout = state.rollouts.get(job.id);
    const waiting = new Set(rollout?.pending);
    const joining = things.filter((name) => !waiting.has(name) && !this.#hasPending(job.id, name));
    if (joining.length === 0) return;
    if (job.status === 'IN_PROGRESS') {
      for (const name of joining) this.#engine.queue(job, name);
      return;
    }
    const pending = [...waiting, ...joining];
    state.rollouts.put(job.id, { notified: 0, nextAt: this.#now(), ...rollout, pending });
  }

  #follow(change: RegistryChange): void {
    switch (change.kind) {
      case 'member-added':
        for (const job of this.#continuousJobs()) {
          if (targetsGroup(this.#registry, job, change.groupName)) this.add(job, [change.thingName]);
        }
        break;
      case 'member-removed':
        for (const job of this.#continuousJobs()) {
          const left = targetsGroup(this.#registry, job, change.groupName);
          if (left && !targetsThing(this.#registry, job, change.thingName)) this.#drop(job, change.thingName);
        }
        break;
      case 'thing-deleted':
        for (const execution of [...this.#parts.state.pendingOfThing(change.thing.name)]) {
          this.#engine.change(execution, { status: 'REMOVED' });
        }
        break;
      default:
    }
  }

  /** "When your device is no longer a valid target …, AWS IoT Jobs sets the job execution status to REMOVED." */
  #drop(job: JobRecord, thingName: string): void {
    const { state } = this.#parts;
    const rollout = state.rollouts.get(job.id);
    if (rollout?.pending.includes(thingName) === true) {
      this.#putPending(
        job.id,
        rollout.pending.filter((name) => name !== thingName),
        rollout,
      );
    }
    const execution = state.execution(job.id, thingName);
    if (execution !== undefined && !isTerminal(execution.status)) this.#engine.change(execution, { status: 'REMOVED' });
  }

  /** Brings the job to where it must be now, and sets its next deadline. */
  #advance(jobId: string): void {
    const { state, deadlines } = this.#parts;
    const now = this.#now();
    let job = state.jobs.get(jobId);
    if (job === undefined || !isActive(job)) return;
    const schedule = scheduleOf(job.scheduling);
    if (schedule.endTime !== undefined && now >= schedule.endTime && job.rolloutEnded !== true) {
      job = this.#end(job);
      if (job === undefined) return;
    }
    if (job.rolloutEnded !== true) {
      const open = schedule.isOpen(now);
      job = this.#setStatus(job, open ? 'IN_PROGRESS' : 'SCHEDULED');
      if (open) this.#release(job, now);
    }
    this.#engine.completeIfDone(job);
    const next = this.#nextAdvance(jobId, schedule, now);
    if (next !== undefined) deadlines.set(jobKey(jobId), next, () => this.#advance(jobId));
  }

  #nextAdvance(jobId: string, schedule: Schedule, now: number): number | undefined {
    const { state } = this.#parts;
    const job = state.jobs.get(jobId);
    if (job === undefined || !isActive(job) || job.rolloutEnded === true) return undefined;
    const change = schedule.nextChange(now);
    const batch = job.status === 'IN_PROGRESS' ? state.rollouts.get(jobId)?.nextAt : undefined;
    if (change === undefined || batch === undefined) return change ?? batch;
    return Math.min(change, batch);
  }

  #release(job: JobRecord, now: number): void {
    const { state } = this.#parts;
    const rollout = state.rollouts.get(job.id);
    if (rollout === undefined || now < rollout.nextAt) return;
    const succeeded = state.attemptCounts(job.id).SUCCEEDED;
    const rate = rolloutRate(job.rollout, { notified: rollout.notified, succeeded });
    const batch = rollout.pending.slice(0, rate);
    const { things } = this.#registry;
    for (const name of batch) {
      if (things.has(name) && !this.#hasPending(job.id, name)) this.#engine.queue(job, name);
    }
    this.#putPending(job.id, rollout.pending.slice(rate), {
      notified: rollout.notified + batch.length,
      nextAt: now + ROLLOUT_PERIOD,
    });
  }

  /** The end time has come. @returns undefined when the job is over */
  #end(job: JobRecord): JobRecord | undefined {
    const { state } = this.#parts;
    const behavior = job.scheduling?.endBehavior ?? 'STOP_ROLLOUT';
    if (behavior !== 'STOP_ROLLOUT') {
      this.#engine.cancelJob(job, { force: behavior === 'FORCE_CANCEL' });
      return undefined;
    }
    state.rollouts.delete(job.id);
    const ended: JobRecord = { ...this.#setStatus(job, 'IN_PROGRESS'), rolloutEnded: true, lastUpdatedAt: this.#now() };
    state.jobs.put(job.id, ended);
    return ended;
  }

  /** A window that opens or closes shows or hides the job's queued executions. */
  #setStatus(job: JobRecord, status: JobStatus): JobRecord {
    const { state, notifications } = this.#parts;
    if (job.status === status) return job;
    const changed: JobRecord = { ...job, status, lastUpdatedAt: this.#now() };
    const things = new Set([...state.executionsOfJob(job.id)].map(({ thingName }) => thingName));
    notifications.aroundAll(things, () => state.jobs.put(job.id, changed));
    return changed;
  }

  #putPending(jobId: string, pending: readonly string[], rollout: { notified: number; nextAt: number }): void {
    const { state } = this.#parts;
    if (pending.length === 0) state.rollouts.delete(jobId);
    else state.rollouts.put(jobId, { ...rollout, pending });
  }

  #hasPending(jobId: string, thingName: string): boolean {
    const execution = this.#parts.state.execution(jobId, thingName);
    return execution !== undefined && !isTerminal(execution.status);
  }

  *#continuousJobs(): Generator<JobRecord> {
    for (const id of [...this.#continuous]) {
      const job = this.#parts.state.jobs.get(id);
      if (job !== undefined && isActive(job)) yield job;
      else this.#continuous.delete(id);
    }
  }

  get #registry() {
    return this.#parts.service.registry.state;
  }

  #now(): number {
    return this.#parts.service.context.clock.now();
  }
}
