import type { ListMessageMoveTasksResultEntry } from '@aws-sdk/client-sqs';
import type { Timer } from '../../core/clock.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { Collection } from '../../core/store.ts';
import { invalidParameter } from './errors.ts';
import { MAX_MOVES_PER_SECOND } from './limits.ts';
import type { Queue } from './queue.ts';
import type { QueueDirectory } from './queue-directory.ts';

interface MoveTask {
  readonly id: string;
  readonly sourceArn: string;
  readonly destinationArn?: string | undefined;
  readonly perSecond?: number | undefined;
  /** ms since the epoch */
  readonly startedAt: number;
  readonly toMove: number;
  status: 'RUNNING' | 'COMPLETED' | 'CANCELLED' | 'FAILED';
  moved: number;
  failureReason?: string;
}

const INTERVAL = 1000;

/** Redrives out of dead-letter queues (API reference, StartMessageMoveTask). A restart fails a task that was running. */
export class MoveTasks {
  readonly #queues: QueueDirectory;
  readonly #tasks: Collection<MoveTask>;
  readonly #timers = new Map<string, Timer>();

  constructor(queues: QueueDirectory) {
    this.#queues = queues;
    this.#tasks = queues.context.store.collection('sqs/moves');
    for (const task of this.#tasks.values()) {
      if (task.status === 'RUNNING') this.#end(task, 'FAILED', 'The local cloud was restarted.');
    }
  }

  /** @returns the task handle */
  start(sourceArn: string, destinationArn: string | undefined, perSecond: number | undefined): string {
    const source = this.queue(sourceArn, 'SourceArn');
    if (this.#queues.sourcesOf(source).length === 0) {
      throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    }
    if (destinationArn !== undefined) this.queue(destinationArn, 'DestinationArn');
    if (
      perSecond !== undefined &&
      !(Number.isInteger(perSecond) && perSecond >= 1 && perSecond <= MAX_MOVES_PER_SECOND)
    ) {
      throw invalidParameter('Value for parameter MaxNumberOfMessagesPerSecond is invalid: 1 to 500 are valid.');
    }
    if ([...this.#tasks.values()].some((task) => task.status === 'RUNNING' && task.sourceArn === sourceArn)) {
      throw invalidParameter(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    }
    const { clock, entropy } = this.#queues.context;
    const task: MoveTask = {
      id: uuid(entropy),
      sourceArn,
      destinationArn,
      perSecond,
      startedAt: clock.now(),
      toMove: source.counts.visible,
      status: 'RUNNING',
      moved: 0,
    };
    this.#tasks.put(task.id, task);
    this.#timers.set(
      task.id,
      clock.every(INTERVAL, () => this.#step(task, source)),
    );
    this.#step(task, source);
    return handleOf(task);
  }

  /** @returns how many messages it had moved */
  cancel(handle: string): number {
    const { taskId, sourceArn } = parseHandle(handle);
    this.queue(sourceArn, 'SourceArn');
    const task = this.#tasks.get(taskId);
    if (task === undefined) throw new AwsError('ResourceNotFoundException', 'Task does not exist.', 404);
    if (task.status !== 'RUNNING') {
      throw new AwsError('UnsupportedOperation', 'Only active tasks can be cancelled.', 400);
    }
    this.#end(task, 'CANCELLED');
    return task.moved;
  }

  /** Latest first. */
  list(sourceArn: string, most: number): ListMessageMoveTasksResultEntry[] {
    this.queue(sourceArn, 'SourceArn');
    return [...this.#tasks.values()]
      .filter((task) => task.sourceArn === sourceArn)
      .sort((a, b) => b.startedAt - a.startedAt)
      .slice(0, most)
      .map((task) => ({
        TaskHandle: task.status === 'RUNNING' ? handleOf(task) : undefined,
        Status: task.status,
        SourceArn: task.sourceArn,
        DestinationArn: task.destinationArn,
        MaxNumberOfMessagesPerSecond: task.perSecond,
        ApproximateNumberOfMessagesMoved: task.moved,
        ApproximateNumberOfMessagesToMove: task.toMove,
        FailureReason: task.failureReason,
        StartedTimestamp: task.startedAt,
      }));
  }

  queue(arn: string | undefined, parameter: string): Queue {
    const queue = arn === undefined ? undefined : this.#queues.findByArn(arn);
    if (queue === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `The resource that you specified for the ${parameter} parameter doesn't exist.`,
        404,
      );
    }
    return queue;
  }

  stop(): void {
    for (const timer of this.#timers.values()) timer.cancel();
  }

  #step(task: MoveTask, source: Queue): void {
    for (let budget = task.perSecond ?? MAX_MOVES_PER_SECOND; budget > 0; budget--) {
      const moved = source.moveOldest(
        (content) => this.#queues.findByArn(task.destinationArn ?? content.deadLetterSource ?? ''),
        uuid(this.#queues.context.entropy),
      );
      if (moved !== true) {
        if (moved === undefined) this.#end(task, 'COMPLETED');
        else this.#end(task, 'FAILED', 'AWS.SimpleQueueService.NonExistentQueue');
        return;
      }
      task.moved += 1;
    }
    this.#tasks.put(task.id, task);
  }

  #end(task: MoveTask, status: MoveTask['status'], failureReason?: string): void {
    this.#timers.get(task.id)?.cancel();
    this.#timers.delete(task.id);
    task.status = status;
    if (failureReason !== undefined) task.failureReason = failureReason;
    this.#tasks.put(task.id, task);
  }
}

function handleOf(task: MoveTask): string {
  return Buffer.from(JSON.stringify({ taskId: task.id, sourceArn: task.sourceArn })).toString('base64');
}

function parseHandle(handle: string): { taskId: string; sourceArn: string } {
  try {
    const { taskId, sourceArn } = JSON.parse(Buffer.from(handle, 'base64').toString()) as Record<string, unknown>;
    if (typeof taskId === 'string' && typeof sourceArn === 'string') return { taskId, sourceArn };
  } catch {}
  throw invalidParameter('Value for parameter TaskHandle is invalid.');
}
