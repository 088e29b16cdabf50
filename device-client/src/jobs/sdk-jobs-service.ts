import { iotjobs, type mqtt5 } from 'aws-iot-device-sdk-v2';
import * as z from 'zod';
import { reasonOf } from '../errors.ts';
import type { DeviceLog } from '../feature.ts';
import type { CloudTime } from '../replay/cloud-time.ts';
import {
  type DescribedExecution,
  type ExecutionState,
  type ExecutionUpdate,
  type JobsService,
  JobsServiceError,
} from './jobs-service.ts';
import { statusDetails } from './status-details.ts';

export interface SdkJobsServiceOptions {
  readonly client: mqtt5.Mqtt5Client;
  readonly thingName: string;
  readonly time: CloudTime;
  readonly log: DeviceLog;
  /** seconds that an answer may take. @default 15 */
  readonly operationTimeout?: number;
}

/** Answers of one execution: start-next, and get and update of its job. */
const REQUEST_SUBSCRIPTIONS = 4;

const stateSchema = z.object({
  status: z.enum(['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'TIMED_OUT', 'REMOVED', 'CANCELED']),
  versionNumber: z.int(),
});

const executionSchema = stateSchema.extend({
  jobId: z.string().min(1),
  executionNumber: z.int(),
  thingName: z.string().optional(),
  jobDocument: z.unknown(),
});

/** AWS IoT Jobs over MQTT, by the SDK's client. Its answers are JSON as it came, whatever its types say: they are checked here. */
export class SdkJobsService implements JobsService {
  readonly #options: SdkJobsServiceOptions;
  readonly #jobs: iotjobs.IotJobsClientv2;
  readonly #tasks: (() => void)[] = [];
  #stream: { close(): void } | undefined;
  #closed = false;

  constructor(options: SdkJobsServiceOptions) {
    this.#options = options;
    this.#jobs = iotjobs.IotJobsClientv2.newFromMqtt5(options.client, {
      maxRequestResponseSubscriptions: REQUEST_SUBSCRIPTIONS,
      maxStreamingSubscriptions: 1,
      operationTimeoutInSeconds: options.operationTimeout ?? 15,
    });
    this.#listen();
  }

  async startNext(stepTimeoutInMinutes: number): Promise<DescribedExecution | undefined> {
    const { thingName } = this.#options;
    const answer = await this.#ask(() => this.#jobs.startNextPendingJobExecution({ thingName, stepTimeoutInMinutes }));
    return answer.execution === undefined ? undefined : this.#read(answer.execution);
  }

  async describe(jobId: string, executionNumber: number): Promise<DescribedExecution> {
    const { thingName } = this.#options;
    const answer = await this.#ask(() => this.#jobs.describeJobExecution({ thingName, jobId, executionNumber }));
    return this.#read(answer.execution);
  }

  async update(update: ExecutionUpdate): Promise<ExecutionState> {
    const { details, expectedVersion, executionNumber, jobId, status, stepTimeoutMinutes } = update;
    const answer = await this.#ask(() =>
      this.#jobs.updateJobExecution({
        thingName: this.#options.thingName,
        jobId,
        executionNumber,
        status: iotjobs.model.JobStatus[status],
        includeJobExecutionState: true,
        ...(details !== undefined && { statusDetails: statusDetails(details) }),
        ...(expectedVersion !== undefined && { expectedVersion }),
        ...(stepTimeoutMinutes !== undefined && { stepTimeoutInMinutes: stepTimeoutMinutes }),
      }),
    );
    return checked(stateSchema, answer.executionState);
  }

  onNextChanged(task: () => void): void {
    this.#tasks.push(task);
  }

  close(): void {
    this.#closed = true;
    this.#stream?.close();
    this.#jobs.close();
  }

  /** The stream subscribes again by itself after a new connection, unless the broker refused: then with the next one. */
  #listen(): void {
    if (this.#closed) return;
    this.#stream?.close();
    const stream = this.#jobs.createNextJobExecutionChangedStream({ thingName: this.#options.thingName });
    this.#stream = stream;
    const changed = (): void => {
      for (const task of this.#tasks) task();
    };
    stream.on('incomingPublish', ({ message }) => {
      this.#options.time.hear(message.timestamp);
      changed();
    });
    stream.on('incomingPublishError', ({ error }) => {
      this.#options.log.warn('a notification of jobs could not be read', { reason: error.message });
      changed();
    });
    stream.on('subscriptionStatus', ({ error, type }) => {
      // Established (0): what was published before is missed. Halted (2): the stream is dead.
      if (type === 0) return changed();
      if (type !== 2 || this.#closed) return;
      this.#options.log.error('jobs are not notified: the broker refused', { reason: String(error) });
      this.#options.client.once('connectionSuccess', () => this.#listen());
    });
    stream.open();
  }

  #read(execution: unknown): DescribedExecution {
    const { jobDocument, thingName, ...rest } = checked(executionSchema, execution);
    // Present in every answer to a device (API reference, JobExecution); a missing name is that of the topic.
    return { ...rest, document: jobDocument, thingName: thingName ?? this.#options.thingName };
  }

  async #ask<T extends { timestamp?: unknown }>(request: () => Promise<T>): Promise<T> {
    try {
      const answer = await request();
      this.#options.time.hear(answer.timestamp);
      return answer;
    } catch (error) {
      throw this.#refusal(error);
    }
  }

  #refusal(error: unknown): JobsServiceError {
    const { internalError, modeledError } = error as { internalError?: unknown; modeledError?: RefusalAnswer };
    const cause = { cause: error };
    if (modeledError?.code === undefined) {
      const reason = internalError === undefined ? reasonOf(error) : reasonOf(internalError);
      return new JobsServiceError('UNAVAILABLE', reason, undefined, cause);
    }
    this.#options.time.hear(modeledError.timestamp);
    const { code, executionState } = modeledError;
    const message = `${code}: ${modeledError.message ?? ''}`;
    const state = stateSchema.safeParse(executionState);
    switch (code) {
      case 'TerminalStateReached':
      case 'InvalidStateTransition':
      case 'VersionMismatch':
        return new JobsServiceError('STATE', message, state.success ? state.data : undefined, cause);
      case 'ResourceNotFound':
        return new JobsServiceError('NOT_FOUND', message, undefined, cause);
      case 'InvalidRequest':
      case 'InvalidJson':
      case 'InvalidTopic':
        return new JobsServiceError('INVALID', message, undefined, cause);
      default:
        return new JobsServiceError('UNAVAILABLE', message, undefined, cause);
    }
  }
}

/** ErrorResponse of the jobs MQTT API (developer guide, `jobs-api`). */
interface RefusalAnswer {
  readonly code?: string;
  readonly message?: string;
  readonly timestamp?: unknown;
  readonly executionState?: unknown;
}

function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new JobsServiceError('UNAVAILABLE', `the answer is of another form: ${z.prettifyError(result.error)}`);
}
