import type {
  CancelJobExecutionRequest,
  DeleteJobExecutionRequest,
  DescribeJobExecutionRequest,
  DescribeJobExecutionResponse,
  ListJobExecutionsForJobRequest,
  ListJobExecutionsForJobResponse,
  ListJobExecutionsForThingRequest,
  ListJobExecutionsForThingResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { AwsError } from '../../../../core/errors.ts';
import { invalidRequest, resourceNotFound, versionConflict } from '../../errors.ts';
import { changing, reading, resource } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import { checkPageSize, requireName } from '../../registry/validation.ts';
import { isTerminal } from '../execution-status.ts';
import { refuseNamespace } from '../job-input.ts';
import { executionSummaryView, executionView } from '../job-views.ts';
import type { JobsService } from '../jobs-service.ts';
import type { ExecutionRecord } from '../records.ts';
import { statusDetailsFault } from '../status-details.ts';

export function jobExecutionOperations(jobs: JobsService): Operation[] {
  const { iot, engine } = jobs;
  const thingArn = (input: { thingName: string | undefined }) => resource(iot, 'thing', input.thingName);
  const jobArn = (input: { jobId: string | undefined }) => resource(iot, 'job', input.jobId);
  const both = (input: { jobId: string | undefined; thingName: string | undefined }) => [
    jobArn(input),
    thingArn(input),
  ];
  return [
    reading<DescribeJobExecutionRequest, DescribeJobExecutionResponse>('DescribeJobExecution', both, (input) => {
      requireName('thingName', input.thingName);
      return {
        execution: executionView(jobs, jobs.requireExecution(input.jobId, input.thingName, input.executionNumber)),
      };
    }),
    changing<CancelJobExecutionRequest, object>(iot, 'CancelJobExecution', both, (input) => {
      requireName('thingName', input.thingName);
      const details = input.statusDetails;
      const fault = details === undefined ? undefined : statusDetailsFault(details);
      if (fault !== undefined) throw invalidRequest(fault);
      const execution = jobs.requireExecution(input.jobId, input.thingName);
      if (input.expectedVersion !== undefined && input.expectedVersion !== execution.versionNumber) {
        throw versionConflict(
          `Expected version ${input.expectedVersion} but the job execution is at version ${execution.versionNumber}.`,
        );
      }
      const force = input.force === true;
      if (isTerminal(execution.status) || (execution.status === 'IN_PROGRESS' && !force)) {
        throw invalidTransition(`Job execution in status ${execution.status} cannot be canceled without force.`);
      }
      engine.change(execution, {
        status: 'CANCELED',
        ...(details === undefined ? {} : { statusDetails: details }),
        ...(force ? { forceCanceled: true } : {}),
      });
      return {};
    }),
    changing<DeleteJobExecutionRequest, object>(iot, 'DeleteJobExecution', both, (input) => {
      refuseNamespace(input.namespaceId, 'DeleteJobExecution');
      requireName('thingName', input.thingName);
      new ConstraintViolations()
        .required('executionNumber', input.executionNumber)
        .throwIfAny('InvalidRequestException');
      const execution = jobs.requireExecution(input.jobId, input.thingName, input.executionNumber);
      // API reference: "you can only delete a job execution which is in a terminal state … or an exception will occur".
      if (!isTerminal(execution.status) && input.force !== true) {
        throw invalidTransition(`Job execution in status ${execution.status} can only be deleted by force.`);
      }
      engine.deleteExecution(execution);
      return {};
    }),
    reading<ListJobExecutionsForJobRequest, ListJobExecutionsForJobResponse>(
      'ListJobExecutionsForJob',
      jobArn,
      (input) => {
        const job = jobs.requireJob(input.jobId);
        const page = pageOfExecutions(jobs.state.executionsOfJob(job.id), input, nameKey, false);
        return {
          executionSummaries: page.executions.map((execution) => ({
            thingArn: resource(iot, 'thing', execution.thingName),
            jobExecutionSummary: executionSummaryView(execution),
          })),
          nextToken: page.nextToken,
        };
      },
    ),
    reading<ListJobExecutionsForThingRequest, ListJobExecutionsForThingResponse>(
      'ListJobExecutionsForThing',
      thingArn,
      (input) => {
        refuseNamespace(input.namespaceId, 'ListJobExecutionsForThing');
        requireName('thingName', input.thingName);
        if (!iot.registry.state.things.has(input.thingName))
          throw resourceNotFound(`Thing ${input.thingName} not found.`);
        const executions = [...jobs.state.executionsOfThing(input.thingName)].filter(
          ({ jobId }) => input.jobId === undefined || jobId === input.jobId,
        );
        const page = pageOfExecutions(executions, input, orderKey, true);
        return {
          executionSummaries: page.executions.map((execution) => ({
            jobId: execution.jobId,
            jobExecutionSummary: executionSummaryView(execution),
          })),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}

interface ListInput {
  readonly status?: string | undefined;
  readonly maxResults?: number | undefined;
  readonly nextToken?: string | undefined;
}

function pageOfExecutions(
  executions: Iterable<ExecutionRecord>,
  { status, maxResults, nextToken }: ListInput,
  keyOf: (execution: ExecutionRecord) => string,
  descending: boolean,
): { executions: ExecutionRecord[]; nextToken: string | undefined } {
  checkPageSize('maxResults', maxResults);
  const byKey = new Map<string, ExecutionRecord>();
  for (const execution of executions) {
    if (status === undefined || execution.status === status) byKey.set(keyOf(execution), execution);
  }
  const page = pageOf([...byKey.keys()].sort(), { token: nextToken, size: maxResults, descending });
  return { executions: page.keys.map((key) => byKey.get(key) as ExecutionRecord), nextToken: page.nextToken };
}

const nameKey = ({ thingName, executionNumber }: ExecutionRecord): string =>
  `${thingName}/${String(executionNumber).padStart(10, '0')}`;

/** The newest first, as the developer guide shows them (`manage-job-cli`, "List job executions for a thing"). */
const orderKey = ({ order }: ExecutionRecord): string => String(order).padStart(15, '0');

function invalidTransition(message: string): AwsError {
  return new AwsError('InvalidStateTransitionException', message, 409);
}
