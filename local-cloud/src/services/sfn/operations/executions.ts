import type {
  DescribeExecutionInput,
  DescribeExecutionOutput,
  GetExecutionHistoryInput,
  GetExecutionHistoryOutput,
  HistoryEvent,
  ListExecutionsInput,
  ListExecutionsOutput,
  StartExecutionInput,
  StartExecutionOutput,
  StopExecutionInput,
  StopExecutionOutput,
} from '@aws-sdk/client-sfn';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Executions } from '../executions.ts';
import type { Machines } from '../machines.ts';
import { page } from '../page.ts';

export function executionOperations(machines: Machines, executions: Executions): readonly Operation[] {
  const on = (action: string, resource: string | undefined) => [
    { action: `states:${action}`, resource: resource ?? '*' },
  ];
  const start: Operation<StartExecutionInput, StartExecutionOutput> = {
    name: 'StartExecution',
    authorize: (input) => on('StartExecution', input.stateMachineArn),
    async handle(input) {
      if (input.traceHeader !== undefined) throw new NotImplementedError('StartExecution traceHeader');
      const machine = machines.require(input.stateMachineArn);
      const { arn, startedAt } = await executions.start(machine, input.name, input.input);
      return { executionArn: arn, startDate: new Date(startedAt) };
    },
  };
  const describe: Operation<DescribeExecutionInput, DescribeExecutionOutput> = {
    name: 'DescribeExecution',
    authorize: (input) => on('DescribeExecution', input.executionArn),
    handle(input) {
      const record = executions.require(input.executionArn);
      return {
        executionArn: record.arn,
        stateMachineArn: record.machineArn,
        name: record.name,
        status: record.status,
        startDate: new Date(record.startedAt),
        ...(record.stoppedAt === undefined ? {} : { stopDate: new Date(record.stoppedAt) }),
        input: record.input,
        inputDetails: { included: true },
        ...(record.output === undefined ? {} : { output: record.output, outputDetails: { included: true } }),
        error: record.error,
        cause: record.cause,
        redriveCount: 0,
        redriveStatus: 'NOT_REDRIVABLE',
        redriveStatusReason: 'This cloud does not redrive executions',
      };
    },
  };
  const list: Operation<ListExecutionsInput, ListExecutionsOutput> = {
    name: 'ListExecutions',
    authorize: (input) => on('ListExecutions', input.stateMachineArn),
    handle(input) {
      if (input.mapRunArn !== undefined || input.redriveFilter !== undefined) {
        throw new NotImplementedError('ListExecutions of map runs and redrives');
      }
      const machine = machines.require(input.stateMachineArn);
      if (machine.type === 'EXPRESS') {
        throw new AwsError(
          'StateMachineTypeNotSupported',
          'This operation is not supported by this type of state machine',
          400,
        );
      }
      const found = executions
        .of(machine.arn)
        .filter(({ status }) => input.statusFilter === undefined || status === input.statusFilter);
      const { members, nextToken } = page(found, input);
      return {
        executions: members.map((record) => ({
          executionArn: record.arn,
          stateMachineArn: record.machineArn,
          name: record.name,
          status: record.status,
          startDate: new Date(record.startedAt),
          ...(record.stoppedAt === undefined ? {} : { stopDate: new Date(record.stoppedAt) }),
        })),
        nextToken,
      };
    },
  };
  const stop: Operation<StopExecutionInput, StopExecutionOutput> = {
    name: 'StopExecution',
    authorize: (input) => on('StopExecution', input.executionArn),
    async handle(input) {
      const record = await executions.abort(executions.require(input.executionArn), input.error, input.cause);
      return { stopDate: new Date(record.stoppedAt as number) };
    },
  };
  /** Executions and states only: what tasks, retries, branches and iterations do in between is not kept. */
  const history: Operation<GetExecutionHistoryInput, GetExecutionHistoryOutput> = {
    name: 'GetExecutionHistory',
    authorize: (input) => on('GetExecutionHistory', input.executionArn),
    handle(input) {
      const record = executions.require(input.executionArn);
      if (input.includeExecutionData === false)
        throw new NotImplementedError('GetExecutionHistory without execution data');
      const events = executions
        .history(record)
        .map(
          ({ time, type, details }, index) =>
            ({ timestamp: new Date(time), type, id: index + 1, previousEventId: index, ...details }) as HistoryEvent,
        );
      if (input.reverseOrder === true) events.reverse();
      const { members, nextToken } = page(events, input);
      return { events: members, nextToken };
    },
  };
  return [start, describe, list, stop, history];
}
