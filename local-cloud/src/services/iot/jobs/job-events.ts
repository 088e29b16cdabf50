import { uuid } from '../../../core/entropy.ts';
import { EventConfigurations } from '../event-configurations/event-configurations.ts';
import type { IotService } from '../iot-service.ts';
import type { JobsState } from './jobs-state.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';

export type JobOperation = 'completed' | 'canceled' | 'deleted' | 'cancellation_in_progress' | 'deletion_in_progress';

/** Events of jobs and job executions (developer guide, `events-jobs`). */
export class JobEvents {
  readonly #service: IotService;
  readonly #state: JobsState;
  readonly #events: EventConfigurations;

  constructor(service: IotService, state: JobsState) {
    this.#service = service;
    this.#state = state;
    this.#events = new EventConfigurations(service.context);
  }

  job(job: JobRecord, operation: JobOperation): void {
    this.#events.publish('JOB', `$aws/events/job/${job.id}/${operation}`, () => ({
      eventType: 'JOB',
      ...this.#head(),
      operation,
      jobId: job.id,
      status: operation.toUpperCase(),
      targetSelection: job.targetSelection,
      targets: job.targets,
      ...(job.description === undefined ? {} : { description: job.description }),
      ...(job.completedAt === undefined ? {} : { completedAt: job.completedAt }),
      createdAt: job.createdAt,
      lastUpdatedAt: job.lastUpdatedAt,
      ...(operation === 'completed' ? { jobProcessDetails: this.#processDetails(job) } : {}),
      ...(job.comment === undefined ? {} : { comment: job.comment }),
    }));
  }

  /** Of an execution that has just reached a terminal state, or was deleted. */
  execution(execution: ExecutionRecord, operation = execution.status.toLowerCase()): void {
    const { jobId, thingName, status, statusDetails } = execution;
    this.#events.publish('JOB_EXECUTION', `$aws/events/jobExecution/${jobId}/${operation}`, () => ({
      eventType: 'JOB_EXECUTION',
      ...this.#head(),
      operation,
      jobId,
      thingArn: this.#service.registry.state.arn('thing', thingName),
      status: operation === 'deleted' ? 'DELETED' : status,
      statusDetails,
    }));
  }

  #head(): { eventId: string; timestamp: number } {
    const { clock, entropy } = this.#service.context;
    return { eventId: uuid(entropy), timestamp: Math.floor(clock.now() / 1000) };
  }

  #processDetails(job: JobRecord): object {
    const counts = this.#state.thingCounts(job.id);
    return {
      numberOfCanceledThings: counts.CANCELED,
      numberOfRejectedThings: counts.REJECTED,
      numberOfFailedThings: counts.FAILED,
      numberOfRemovedThings: counts.REMOVED,
      numberOfSucceededThings: counts.SUCCEEDED,
    };
  }
}
