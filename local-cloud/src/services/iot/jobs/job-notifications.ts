import { messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { detailsOf, seconds, summaryOf } from './execution-views.ts';
import type { JobDocuments } from './job-document.ts';
import type { JobsState } from './jobs-state.ts';
import { listedExecutions, pendingExecutions } from './pending-executions.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';

/**
 * Tells things what they have before them (developer guide, `jobs-comm-notifications`): `notify` when an execution joins
 * or leaves the list, `notify-next` when another one is first.
 *
 * INVARIANT: messages to one thing go out in the order of the changes, and each after its change is on disk.
 */
export class JobNotifications {
  readonly #context: CloudContext;
  readonly #state: JobsState;
  readonly #documents: JobDocuments;
  readonly #last = new Map<string, Promise<void>>();

  constructor(context: CloudContext, state: JobsState, documents: JobDocuments) {
    this.#context = context;
    this.#state = state;
    this.#documents = documents;
  }

  /** Runs a change and tells the thing what it did to its list. */
  around<T>(thingName: string, change: () => T): T {
    return this.aroundAll([thingName], change);
  }

  /** As {@link around}, for a change that touches the lists of many things. */
  aroundAll<T>(thingNames: Iterable<string>, change: () => T): T {
    const before = [...thingNames].map((name) => [name, pendingExecutions(this.#state, name)] as const);
    const result = change();
    for (const [thingName, old] of before) {
      const pending = pendingExecutions(this.#state, thingName);
      const listChanged = !sameMembers(old, pending);
      const nextChanged = !sameExecution(old[0], pending[0]);
      if (listChanged || nextChanged) this.#tell(thingName, pending, listChanged, nextChanged);
    }
    return result;
  }

  /** Resolves when all that was to be told is published. */
  async settled(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  #tell(thingName: string, pending: readonly ExecutionRecord[], listChanged: boolean, nextChanged: boolean): void {
    const now = this.#context.clock.now();
    const listed = listedExecutions(this.#state, pending);
    const next = pending[0];
    const job = next === undefined ? undefined : this.#state.jobs.get(next.jobId);
    const topic = `$aws/things/${thingName}/jobs`;
    const send = async (): Promise<void> => {
      await this.#context.store.durable();
      if (listChanged) await this.#publish(`${topic}/notify`, { timestamp: seconds(now), jobs: groupByStatus(listed) });
      if (!nextChanged) return;
      const execution = next === undefined ? {} : { execution: await this.#withDocument(next, job, now) };
      await this.#publish(`${topic}/notify-next`, { timestamp: seconds(now), ...execution });
    };
    const sent = (this.#last.get(thingName) ?? Promise.resolve()).then(send).catch((error: unknown) => {
      this.#context.log('error', 'a thing was not notified of its jobs', { thingName, reason: messageOf(error) });
    });
    this.#last.set(thingName, sent);
    void sent.then(() => {
      if (this.#last.get(thingName) === sent) this.#last.delete(thingName);
    });
  }

  /** Without its document where that cannot be made: asking for it then tells the device why. */
  async #withDocument(execution: ExecutionRecord, job: JobRecord | undefined, now: number): Promise<object> {
    const details = detailsOf(execution, now);
    if (job === undefined) return details;
    try {
      return { ...details, jobDocument: JSON.parse(await this.#documents.render(job)) };
    } catch (error) {
      this.#context.log('warn', 'the document of a job cannot be made', { jobId: job.id, reason: messageOf(error) });
      return details;
    }
  }

  #publish(topic: string, payload: object): Promise<void> {
    return this.#context.ports.get('broker').publish({
      topic,
      payload: Buffer.from(JSON.stringify(payload)),
      qos: 1,
      retain: false,
      receivedAt: this.#context.clock.now(),
    });
  }
}

function groupByStatus(listed: readonly ExecutionRecord[]): object {
  const inProgress = listed.filter(({ status }) => status === 'IN_PROGRESS');
  const queued = listed.filter(({ status }) => status === 'QUEUED');
  return {
    ...(inProgress.length === 0 ? {} : { IN_PROGRESS: inProgress.map(summaryOf) }),
    ...(queued.length === 0 ? {} : { QUEUED: queued.map(summaryOf) }),
  };
}

function sameExecution(a: ExecutionRecord | undefined, b: ExecutionRecord | undefined): boolean {
  return a?.jobId === b?.jobId && a?.executionNumber === b?.executionNumber;
}

function sameMembers(a: readonly ExecutionRecord[], b: readonly ExecutionRecord[]): boolean {
  if (a.length !== b.length) return false;
  const members = new Set(a.map(({ jobId, executionNumber }) => `${jobId}/${executionNumber}`));
  return b.every(({ jobId, executionNumber }) => members.has(`${jobId}/${executionNumber}`));
}
