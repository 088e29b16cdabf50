import type { RegistryState } from '../registry/registry-state.ts';
import { DeviceJobError, invalidDeviceRequest } from './device-job-error.ts';
import { DEVICE_STATUSES, isDeviceStatus, isTerminal, mayBecome } from './execution-status.ts';
import type { ExecutionChange, JobEngine } from './job-engine.ts';
import type { JobsState } from './jobs-state.ts';
import { DISCARD_STEP_TIMER, JOB_ID_PATTERN, MAX_JOB_ID_LENGTH, MAX_TIMEOUT, MIN_TIMEOUT } from './limits.ts';
import { listedExecutions, pendingExecutions } from './pending-executions.ts';
import type { ExecutionRecord } from './records.ts';
import { statusDetailsFault } from './status-details.ts';

export const NEXT_JOB = '$next';

const JOB_ID = new RegExp(`^${JOB_ID_PATTERN}$`);
const MINUTE = 60_000;

/** What a device sends, by any protocol. Types are checked here: over MQTT they may be anything. */
export interface StartNextInput {
  readonly statusDetails?: unknown;
  readonly stepTimeoutInMinutes?: unknown;
}

export interface DescribeInput {
  readonly executionNumber?: unknown;
}

export interface UpdateInput extends StartNextInput {
  readonly status?: unknown;
  readonly expectedVersion?: unknown;
  readonly executionNumber?: unknown;
}

/** The data plane of jobs, whatever the protocol (developer guide, `jobs-mqtt-api`, `jobs-http-device-api`). */
export class DeviceJobs {
  readonly #registry: RegistryState;
  readonly #state: JobsState;
  readonly #engine: JobEngine;

  constructor(registry: RegistryState, state: JobsState, engine: JobEngine) {
    this.#registry = registry;
    this.#state = state;
    this.#engine = engine;
  }

  /** GetPendingJobExecutions. @throws DeviceJobError */
  pending(thingName: string): { inProgress: ExecutionRecord[]; queued: ExecutionRecord[] } {
    const listed = listedExecutions(this.#state, this.#pendingOf(thingName));
    return {
      inProgress: listed.filter(({ status }) => status === 'IN_PROGRESS'),
      queued: listed.filter(({ status }) => status === 'QUEUED'),
    };
  }

  /** StartNextPendingJobExecution; undefined when nothing is pending. @throws DeviceJobError */
  startNext(thingName: string, input: StartNextInput): ExecutionRecord | undefined {
    const [next] = this.#pendingOf(thingName);
    const details = readStatusDetails(input.statusDetails);
    const step = this.#stepDeadline(input.stepTimeoutInMinutes);
    if (next === undefined) return undefined;
    if (next.status === 'QUEUED') return this.#engine.start(next, { ...details, ...step });
    // "If the next pending job execution is already IN_PROGRESS, its status details are not changed."
    return step === undefined ? next : this.#engine.change(next, step);
  }

  /** DescribeJobExecution; undefined for `$next` when nothing is pending. @throws DeviceJobError */
  describe(thingName: string, jobId: string, input: DescribeInput): ExecutionRecord | undefined {
    const executionNumber = readInteger('executionNumber', input.executionNumber);
    if (jobId === NEXT_JOB) {
      if (executionNumber !== undefined) throw invalidDeviceRequest(`executionNumber cannot be given for ${NEXT_JOB}`);
      return this.#pendingOf(thingName)[0];
    }
    const execution = this.#require(thingName, jobId, executionNumber);
    if (isTerminal(execution.status)) {
      throw new DeviceJobError(
        'TerminalStateReached',
        `The job execution of ${jobId} on ${thingName} is in the terminal state ${execution.status}.`,
      );
    }
    return execution;
  }

  /** UpdateJobExecution. @throws DeviceJobError */
  update(thingName: string, jobId: string, input: UpdateInput): ExecutionRecord {
    const { status } = input;
    if (!isDeviceStatus(status)) {
      throw invalidDeviceRequest(`status must be one of ${DEVICE_STATUSES.join(', ')}`);
    }
    const executionNumber = readInteger('executionNumber', input.executionNumber);
    const expectedVersion = readInteger('expectedVersion', input.expectedVersion);
    const details = readStatusDetails(input.statusDetails);
    const step = this.#stepDeadline(input.stepTimeoutInMinutes, true);
    const execution = this.#require(thingName, jobId, executionNumber);
    if (expectedVersion !== undefined && expectedVersion !== execution.versionNumber) {
      throw new DeviceJobError(
        'VersionMismatch',
        `Expected version ${expectedVersion} but the job execution is at version ${execution.versionNumber}.`,
        execution,
      );
    }
    if (!mayBecome(execution.status, status)) {
      throw new DeviceJobError(
        'InvalidStateTransition',
        `A job execution in state ${execution.status} cannot be changed to ${status}.`,
        execution,
      );
    }
    const change: ExecutionChange = { ...details, ...step };
    if (status === 'IN_PROGRESS' && execution.status === 'QUEUED') return this.#engine.start(execution, change);
    return this.#engine.change(execution, { ...change, status });
  }

  #pendingOf(thingName: string): ExecutionRecord[] {
    if (!this.#registry.things.has(thingName)) {
      throw new DeviceJobError('ResourceNotFound', `Thing ${thingName} not found.`);
    }
    return pendingExecutions(this.#state, thingName);
  }

  #require(thingName: string, jobId: string, executionNumber: number | undefined): ExecutionRecord {
    if (jobId.length > MAX_JOB_ID_LENGTH || !JOB_ID.test(jobId)) {
      throw invalidDeviceRequest(`'${jobId.slice(0, MAX_JOB_ID_LENGTH)}' is no id of a job`);
    }
    const execution = this.#state.execution(jobId, thingName, executionNumber);
    if (execution !== undefined) return execution;
    throw new DeviceJobError('ResourceNotFound', `Job ${jobId} has no such execution on thing ${thingName}.`);
  }

  #stepDeadline(minutes: unknown, mayDiscard = false): Pick<ExecutionRecord, 'stepDeadline'> | undefined {
    const read = readInteger('stepTimeoutInMinutes', minutes, true);
    if (read === undefined) return undefined;
    if (read === DISCARD_STEP_TIMER && mayDiscard) return { stepDeadline: undefined } as object;
    if (read < MIN_TIMEOUT || read > MAX_TIMEOUT) {
      throw invalidDeviceRequest(`stepTimeoutInMinutes must be between ${MIN_TIMEOUT} and ${MAX_TIMEOUT}`);
    }
    return { stepDeadline: this.#registry.now() + read * MINUTE };
  }
}

function readStatusDetails(details: unknown): { statusDetails: Record<string, string> } | undefined {
  if (details === undefined || details === null) return undefined;
  const fault = statusDetailsFault(details);
  if (fault !== undefined) throw invalidDeviceRequest(fault);
  return { statusDetails: details as Record<string, string> };
}

/** Integers may come as text: the developer guide writes `"expectedVersion":"1"` (`jobs-workflow-jobs-online`). */
function readInteger(name: string, value: unknown, negative = false): number | undefined {
  if (value === undefined || value === null) return undefined;
  const read = typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  if (typeof read === 'number' && Number.isSafeInteger(read) && (negative || read >= 0)) return read;
  throw invalidDeviceRequest(`${name} must be a whole number`);
}
