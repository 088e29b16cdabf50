import type {
  CancelMessageMoveTaskRequest,
  CancelMessageMoveTaskResult,
  ListMessageMoveTasksRequest,
  ListMessageMoveTasksResult,
  StartMessageMoveTaskRequest,
  StartMessageMoveTaskResult,
} from '@aws-sdk/client-sqs';
import type { Operation } from '../../../core/api.ts';
import { invalidParameter, missingParameter } from '../errors.ts';
import type { MoveTasks } from '../move-tasks.ts';
import type { QueueDirectory } from '../queue-directory.ts';

export function messageMoveTaskOperations(queues: QueueDirectory, tasks: MoveTasks): Operation[] {
  const start: Operation<StartMessageMoveTaskRequest, StartMessageMoveTaskResult> = {
    name: 'StartMessageMoveTask',
    /** Developer guide, "Configuring queue permissions" of a dead-letter queue redrive: all of these are needed. */
    authorize(input) {
      const source = tasks.queue(input.SourceArn, 'SourceArn');
      const destinations =
        input.DestinationArn === undefined
          ? queues.sourcesOf(source)
          : [tasks.queue(input.DestinationArn, 'DestinationArn')];
      return [
        ...['sqs:StartMessageMoveTask', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'].flatMap(
          (action) => source.permissions(action),
        ),
        ...destinations.flatMap((queue) => queue.permissions('sqs:SendMessage')),
      ];
    },
    async handle(input) {
      const TaskHandle = tasks.start(
        input.SourceArn as string,
        input.DestinationArn,
        input.MaxNumberOfMessagesPerSecond,
      );
      await queues.context.store.durable();
      return { TaskHandle };
    },
  };
  const cancel: Operation<CancelMessageMoveTaskRequest, CancelMessageMoveTaskResult> = {
    name: 'CancelMessageMoveTask',
    authorize: () => [{ action: 'sqs:CancelMessageMoveTask', resource: '*' }],
    handle(input) {
      if (!input.TaskHandle) throw missingParameter('TaskHandle');
      return { ApproximateNumberOfMessagesMoved: tasks.cancel(input.TaskHandle) };
    },
  };
  const list: Operation<ListMessageMoveTasksRequest, ListMessageMoveTasksResult> = {
    name: 'ListMessageMoveTasks',
    authorize: (input) => tasks.queue(input.SourceArn, 'SourceArn').permissions('sqs:ListMessageMoveTasks'),
    handle(input) {
      const most = input.MaxResults ?? 1;
      if (!Number.isInteger(most) || most < 1 || most > 10) {
        throw invalidParameter('Value for parameter MaxResults is invalid: 1 to 10 are valid.');
      }
      return { Results: tasks.list(input.SourceArn as string, most) };
    },
  };
  return [start, cancel, list];
}
