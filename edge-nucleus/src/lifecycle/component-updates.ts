import type { NucleusClock } from '../clock.ts';
import { type EventSink, IpcServiceError } from '../ipc/operation.ts';

interface Question {
  /** @param recheckAfter ms; 0 agrees */
  answer(recheckAfter: number): void;
}

/**
 * Asks components before they are stopped for an update, and tells them after it (developer guide, "Interact with component
 * lifecycle", SubscribeToComponentUpdates and DeferComponentUpdate).
 */
export class ComponentUpdates {
  readonly #clock: NucleusClock;
  readonly #subscribers = new Map<string, Set<EventSink>>();
  /** By deployment and component. */
  readonly #questions = new Map<string, Question>();

  constructor(clock: NucleusClock) {
    this.#clock = clock;
  }

  subscribe(component: string, sink: EventSink): void {
    const sinks = this.#subscribers.get(component) ?? new Set();
    this.#subscribers.set(component, sinks.add(sink));
    sink.onEnd(() => {
      sinks.delete(sink);
      if (sinks.size > 0 || this.#subscribers.get(component) !== sinks) return;
      this.#subscribers.delete(component);
      for (const [key, question] of this.#questions) if (key.endsWith(`\0${component}`)) question.answer(0);
    });
  }

  /** Resolves when each of the components agrees, says nothing for `timeout` ms, or is gone; rejects when aborted. */
  async ask(components: readonly string[], deploymentId: string, timeout: number, signal: AbortSignal): Promise<void> {
    await Promise.all(components.map((component) => this.#askOne(component, deploymentId, timeout, signal)));
  }

  tellUpdated(components: readonly string[], deploymentId: string): void {
    for (const component of components) this.#send(component, { postUpdateEvent: { deploymentId } });
  }

  /** @throws IpcServiceError `InvalidArgumentsError` */
  defer(component: string, deploymentId: string, recheckAfter: number): void {
    if (!this.#subscribers.has(component)) {
      throw new IpcServiceError('InvalidArgumentsError', 'Component is not subscribed to component update events');
    }
    const question = this.#questions.get(`${deploymentId}\0${component}`);
    if (question === undefined) {
      throw new IpcServiceError('InvalidArgumentsError', 'Time limit to respond to PreComponentUpdateEvent exceeded');
    }
    question.answer(recheckAfter);
  }

  async #askOne(component: string, deploymentId: string, timeout: number, signal: AbortSignal): Promise<void> {
    while (this.#subscribers.has(component)) {
      signal.throwIfAborted();
      const wait = await this.#answer(component, deploymentId, timeout, signal);
      if (wait === 0) return;
      await this.#pause(wait, signal);
    }
  }

  #answer(component: string, deploymentId: string, timeout: number, signal: AbortSignal): Promise<number> {
    const key = `${deploymentId}\0${component}`;
    return new Promise((resolve) => {
      const answer = (recheckAfter: number): void => {
        timer.cancel();
        signal.removeEventListener('abort', abort);
        this.#questions.delete(key);
        resolve(recheckAfter);
      };
      const abort = (): void => answer(0);
      const timer = this.#clock.after(timeout, () => answer(0));
      signal.addEventListener('abort', abort, { once: true });
      this.#questions.set(key, { answer });
      this.#send(component, { preUpdateEvent: { deploymentId, isGgcRestarting: false } });
    });
  }

  #send(component: string, event: object): void {
    for (const sink of this.#subscribers.get(component) ?? []) sink.send('ComponentUpdatePolicyEvents', event);
  }

  #pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = this.#clock.after(milliseconds, done);
      signal.addEventListener('abort', done, { once: true });
    });
  }
}
