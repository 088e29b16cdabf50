import { AwsError, messageOf } from '../../../../core/errors.ts';
import type { CloudContext } from '../../../../core/plugin.ts';

/** How an execution failed, as tasks tell it. */
export function failureOf(error: unknown): { errorCode: string; message: string } {
  if (!(error instanceof AwsError)) return { errorCode: 'InternalFailureException', message: messageOf(error) };
  return { errorCode: error.statusCode === 403 ? 'INSUFFICIENT_PERMISSIONS' : error.code, message: error.message };
}

/** Tasks that go on after they were answered. */
export class TaskRunner {
  readonly #context: CloudContext;
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(context: CloudContext) {
    this.#context = context;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  launch(taskId: string, work: () => Promise<void>): void {
    const run = nextTurn()
      .then(work)
      .catch((error: unknown) =>
        this.#context.log('error', 'a mitigation failed', { taskId, error: messageOf(error) }),
      );
    this.#running.add(run);
    void run.finally(() => this.#running.delete(run));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }
}

/** Lets others run, such as who wants to cancel. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
