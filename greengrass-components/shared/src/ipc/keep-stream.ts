import type { ComponentClock, ComponentLog } from '../component.ts';
import { IpcFailure } from './ipc-failure.ts';

/** What the SDK's streaming operations have in common. */
export interface Stream<M> {
  on(event: 'message', listener: (message: M) => void): unknown;
  on(event: 'streamError', listener: (error: unknown) => void): unknown;
  on(event: 'ended', listener: () => void): unknown;
  activate(): Promise<unknown>;
  close(): Promise<void>;
}

/** ms before a subscription that ended, or was not taken, is asked for again; doubled up to the second */
const FIRST_DELAY = 1_000;
const LAST_DELAY = 60_000;

/** ms after which an answer to a subscription is no longer waited for, though it still counts */
const ANSWER_BOUND = 3_000;

/**
 * Keeps a subscription: asks for it again when the nucleus does not take it yet or ends it. Resolves when it is taken, or after
 * {@link ANSWER_BOUND}: a classic nucleus that has no connection answers a subscription with the cloud when it has one
 * (`MqttClient.subscribe`), and nobody must wait for the cloud to begin.
 * @throws IpcFailure when the component may not subscribe
 */
export async function keepStream<M>(
  name: string,
  open: () => Stream<M>,
  onMessage: (message: M) => void,
  { clock, log }: { readonly clock: ComponentClock; readonly log: ComponentLog },
): Promise<{ end(): Promise<void> }> {
  let current: Stream<M> | undefined;
  let timer: { cancel(): void } | undefined;
  let delay = FIRST_DELAY;
  let ended = false;

  const again = (reason: string): void => {
    if (ended || timer !== undefined) return;
    log.warn('a subscription is asked for again', { subscription: name, reason, in: delay });
    timer = clock.after(delay, () => {
      timer = undefined;
      void attempt().catch((error) => again(String(error)));
    });
    delay = Math.min(delay * 2, LAST_DELAY);
  };

  const attempt = async (): Promise<void> => {
    const stream = open();
    current = stream;
    stream.on('message', (message) => {
      if (ended) return;
      try {
        onMessage(message);
      } catch (error) {
        log.error('a message could not be handled', { subscription: name, reason: String(error) });
      }
    });
    stream.on('streamError', (error) => {
      log.error('a message could not be read', { subscription: name, reason: String(error) });
    });
    stream.on('ended', () => {
      if (current === stream) again('the nucleus has ended it');
    });
    try {
      await stream.activate();
      delay = FIRST_DELAY;
    } catch (error) {
      current = undefined;
      const failure = new IpcFailure(name, error);
      if (failure.denied) throw failure;
      again(failure.message);
    }
  };

  const first = attempt();
  const inTime = await isWithin(first, ANSWER_BOUND, clock);
  if (!inTime) first.catch((error) => again(String(error)));
  return {
    async end() {
      ended = true;
      timer?.cancel();
      const stream = current;
      current = undefined;
      await stream?.close();
    },
  };
}

/** @returns whether the work was done in time. Rejects as it does. */
function isWithin(work: Promise<void>, milliseconds: number, clock: ComponentClock): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.after(milliseconds, () => resolve(false));
    work.finally(() => timer.cancel()).then(() => resolve(true), reject);
  });
}
