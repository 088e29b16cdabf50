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

/**
 * Keeps a subscription: asks for it again when the nucleus does not take it yet (offline, a classic nucleus refuses
 * subscriptions with the cloud) or ends it. Resolves after the first attempt.
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

  await attempt();
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
