import { randomBytes } from 'node:crypto';
import { DECISION_TOPIC, type Sample, type WriteAnswer } from '@fleetwright/contracts';
import type { ComponentClock, ComponentLog, LocalBus } from '../../shared/src/component.ts';
import { WriteQueue } from './commands/write-queue.ts';
import type { Decision } from './engine/rule-engine.ts';
import type { DecisionLog, Outcome } from './log/decision-log.ts';
import { decisionMessage, decisionSample, failedWriteId, failedWriteSample } from './log/decision-samples.ts';
import { type LoggedDecision, type LoggedWrite, loggedDecision } from './log/logged-decision.ts';
import { pointOf } from './rules-schema.ts';

export interface DeskPorts {
  readonly clock: ComponentClock;
  readonly local: LocalBus;
  readonly log: ComponentLog;
  readonly decisions: DecisionLog;
  /** Resolves when the sample is somebody else's to keep. The same id again is the same sample. */
  readonly give: (sample: Sample, uploadId: string) => Promise<void>;
}

/** ms after which an upload that was not taken is tried again */
const GIVE_AGAIN = 5_000;

/**
 * Carries decisions out: a line in the log, then the commands, then everything that may wait.
 *
 * INVARIANT: what was decided before a kill is known after it: its writes are gone on with until they are done or expired, and it
 * reaches the cloud once.
 */
export class DecisionDesk {
  readonly #ports: DeskPorts;
  readonly #queue: WriteQueue;
  readonly #underWay = new Set<Promise<void>>();
  readonly #timers = new Set<{ cancel(): void }>();
  #stopped = false;

  constructor(ports: DeskPorts) {
    this.#ports = ports;
    this.#queue = new WriteQueue(ports);
  }

  /** Goes on with what an earlier process has left. @param isForbidden by an interlock that holds */
  resume(isForbidden: (point: string, priority: number) => boolean): void {
    const { decisions } = this.#ports;
    for (const { decision, isUploaded, latency, pending } of [...decisions.open.values()]) {
      const writes = decision.writes.filter((write) => pending.has(pointOf(write)));
      const isLatest = decisions.latestOf(decision.rule) === decision.number;
      for (const write of writes) {
        if (isForbidden(pointOf(write), write.priority)) this.#finished(decision, write, 'forbidden');
        else if (isLatest) void this.#put(decision, write);
        else this.#finished(decision, write, 'superseded');
      }
      if (isUploaded) continue;
      // Its commands may have gone out or not: nobody knows when, and 0 says so.
      if (latency === undefined) decisions.latency(decision.number, 0);
      this.#upload(decision, latency ?? 0);
    }
  }

  /** @param since monotonic time of the message, or of the moment, that decided */
  take(found: readonly Decision[], since: number): void {
    if (found.length === 0) return;
    const { clock, decisions } = this.#ports;
    const time = Math.max(0, Math.floor(clock.now()));
    const logged = found.map((decision) =>
      loggedDecision(decision, decisions.nextNumber(), randomBytes(16).toString('hex'), time),
    );
    decisions.decide(logged);
    for (const { claims } of found) for (const { point, priority } of claims) this.#queue.claim(point, priority);
    for (const decision of logged) {
      const published = decision.writes.map((write) => this.#put(decision, write));
      if (published.length === 0) this.#tell(decision, since);
      else this.#work(Promise.all(published).then(() => this.#tell(decision, since)));
    }
  }

  answered(answer: WriteAnswer): void {
    this.#queue.answered(answer);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#queue.stop();
    for (const timer of this.#timers) timer.cancel();
    await Promise.all(this.#underWay);
  }

  #put(decision: LoggedDecision, write: LoggedWrite): Promise<void> {
    return this.#queue.put(write, (outcome, detail) => this.#finished(decision, write, outcome, detail));
  }

  #tell(decision: LoggedDecision, since: number): void {
    const { clock, decisions, local, log } = this.#ports;
    const latency = Math.max(0, Math.round((clock.monotonic() - since) * 1_000));
    decisions.latency(decision.number, latency);
    const { forbidden, rule, state, writes } = decision;
    log.info('decided', { rule, state, latency, writes: writes.length, forbidden: forbidden.length });
    local.publish(DECISION_TOPIC, decisionMessage(decision, latency)).catch((error) => {
      log.warn('a decision could not be told', { rule, reason: String(error) });
    });
    this.#upload(decision, latency);
  }

  #upload(decision: LoggedDecision, latency: number): void {
    const { decisions } = this.#ports;
    this.#give(decisionSample(decision, latency), decision.uploadId, () => decisions.uploaded(decision.number));
  }

  #finished(decision: LoggedDecision, write: LoggedWrite, outcome: Outcome, detail?: string): void {
    const { clock, decisions, log } = this.#ports;
    const point = pointOf(write);
    const note = (): void => decisions.outcome(decision.number, point, outcome, Math.floor(clock.now()), detail);
    if (outcome !== 'expired') {
      note();
      return;
    }
    log.error('a point was not written in time', { rule: decision.rule, point, detail });
    this.#give(failedWriteSample(decision, write), failedWriteId(decision, write), note);
  }

  #give(sample: Sample, uploadId: string, done: () => void): void {
    const { clock, give, log } = this.#ports;
    const given = give(sample, uploadId).then(done, (error) => {
      log.warn('an upload is not taken yet', { reason: String(error) });
      if (this.#stopped) return;
      const timer = clock.after(GIVE_AGAIN, () => {
        this.#timers.delete(timer);
        this.#give(sample, uploadId, done);
      });
      this.#timers.add(timer);
    });
    this.#work(given);
  }

  #work(work: Promise<void>): void {
    this.#underWay.add(work);
    void work.finally(() => this.#underWay.delete(work));
  }
}
