import type {
  DescribeJobExecutionRequest,
  DescribeJobExecutionResponse,
  GetPendingJobExecutionsRequest,
  GetPendingJobExecutionsResponse,
  JobExecution,
  StartNextPendingJobExecutionRequest,
  StartNextPendingJobExecutionResponse,
  UpdateJobExecutionRequest,
  UpdateJobExecutionResponse,
} from '@aws-sdk/client-iot-jobs-data-plane';
import * as schemas from '@aws-sdk/client-iot-jobs-data-plane';
import type { Operation, ServiceApi } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import { iotArn } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import { DeviceJobError } from './device-job-error.ts';
import { detailsOf, stateOf, summaryOf } from './execution-views.ts';
import type { JobsTopicsParts } from './jobs-topics.ts';
import type { ExecutionRecord } from './records.ts';

/**
 * The jobs device HTTP API (developer guide, `jobs-http-device-api`), for IAM principals and, by certificate, for devices:
 * both need `iotjobsdata:` actions on the thing (`iot-data-plane-jobs`). StartCommandExecution is not built.
 */
export function jobsDataPlane(parts: JobsTopicsParts): ServiceApi {
  const { context, devices } = parts;
  return {
    service: 'iot-jobs-data-plane',
    signingName: 'iot-jobs-data',
    protocol: 'restJson1',
    schemas,
    operations: [
      operation<GetPendingJobExecutionsRequest, GetPendingJobExecutionsResponse>(
        parts,
        'GetPendingJobExecutions',
        (input) => {
          const { inProgress, queued } = devices.pending(nameOf(input));
          return { inProgressJobs: inProgress.map(summaryOf), queuedJobs: queued.map(summaryOf) };
        },
      ),
      operation<StartNextPendingJobExecutionRequest, StartNextPendingJobExecutionResponse>(
        parts,
        'StartNextPendingJobExecution',
        async (input) => {
          const execution = devices.startNext(nameOf(input), input);
          await context.store.durable();
          return execution === undefined ? {} : { execution: await viewOf(parts, execution, true) };
        },
      ),
      operation<DescribeJobExecutionRequest, DescribeJobExecutionResponse>(
        parts,
        'DescribeJobExecution',
        async (input) => {
          const execution = devices.describe(nameOf(input), input.jobId ?? '', input);
          if (execution === undefined) return {};
          return { execution: await viewOf(parts, execution, input.includeJobDocument !== false) };
        },
      ),
      operation<UpdateJobExecutionRequest, UpdateJobExecutionResponse>(parts, 'UpdateJobExecution', async (input) => {
        const execution = devices.update(nameOf(input), input.jobId ?? '', input);
        await context.store.durable();
        return {
          ...(input.includeJobExecutionState === true ? { executionState: stateOf(execution) } : {}),
          ...(input.includeJobDocument === true ? { jobDocument: await documentOf(parts, execution) } : {}),
        };
      }),
    ],
  };
}

function operation<I extends { thingName: string | undefined }, O>(
  { context }: JobsTopicsParts,
  name: string,
  handle: (input: I) => O | Promise<O>,
): Operation<I, O> {
  return {
    name,
    authorize: (input) => [
      { action: `iotjobsdata:${name}`, resource: iotArn(context.account, 'thing', input.thingName ?? '') },
    ],
    async handle(input) {
      try {
        return await handle(input);
      } catch (error) {
        throw error instanceof DeviceJobError ? asAwsError(error) : error;
      }
    },
  };
}

function nameOf({ thingName }: { thingName: string | undefined }): string {
  if (thingName === undefined) throw invalidRequest('thingName must not be null');
  return thingName;
}

async function viewOf(parts: JobsTopicsParts, execution: ExecutionRecord, include: boolean): Promise<JobExecution> {
  return {
    ...detailsOf(execution, parts.context.clock.now()),
    thingName: execution.thingName,
    ...(include ? { jobDocument: await documentOf(parts, execution) } : {}),
  };
}

/** "In HTTP responses, it's a string representation of the JSON object" (`key-concepts-jobs`). */
async function documentOf({ state, documents }: JobsTopicsParts, { jobId }: ExecutionRecord): Promise<string> {
  const job = state.jobs.get(jobId);
  if (job === undefined) throw resourceNotFound(`Job ${jobId} not found.`);
  return documents.render(job);
}

/**
 * The exceptions of the API reference. It names none for a version that does not match, which is therefore answered as a
 * transition that the execution's state does not allow.
 */
function asAwsError({ code, message }: DeviceJobError): AwsError {
  switch (code) {
    case 'ResourceNotFound':
      return resourceNotFound(message);
    case 'InvalidStateTransition':
    case 'VersionMismatch':
      return new AwsError('InvalidStateTransitionException', message, 409);
    case 'TerminalStateReached':
      return new AwsError('TerminalStateException', message, 410);
    default:
      return invalidRequest(message);
  }
}
