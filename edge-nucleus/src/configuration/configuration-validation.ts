import type { NucleusClock } from '../clock.ts';
import { type EventSink, IpcServiceError } from '../ipc/operation.ts';
import type { Configuration } from './merge-configuration.ts';

/** What a component says of a configuration that it is to get. */
export type Verdict =
  | { readonly status: 'ACCEPTED' }
  | { readonly status: 'REJECTED'; readonly message: string }
  /** It does not look at its configurations, or said nothing in time: the deployment goes on. */
  | { readonly status: 'SILENT' };

interface Question {
  readonly deploymentId: string;
  answer(verdict: Verdict): void;
}

/**
 * Asks components whether they can live with a configuration before they get it (developer guide, "Interact with component
 * configuration", SubscribeToValidateConfigurationUpdates). One question at a time for each component.
 */
export class ConfigurationValidation {
  readonly #clock: NucleusClock;
  readonly #validators = new Map<string, EventSink>();
  readonly #questions = new Map<string, Question>();

  constructor(clock: NucleusClock) {
    this.#clock = clock;
  }

  /** The last subscription of a component is the one that is asked. */
  subscribe(component: string, sink: EventSink): void {
    this.#validators.set(component, sink);
    sink.onEnd(() => {
      if (this.#validators.get(component) !== sink) return;
      this.#validators.delete(component);
      this.#questions.get(component)?.answer({ status: 'SILENT' });
    });
  }

  /** @param timeout ms */
  ask(component: string, deploymentId: string, configuration: Configuration, timeout: number): Promise<Verdict> {
    const validator = this.#validators.get(component);
    if (validator === undefined) return Promise.resolve({ status: 'SILENT' });
    return new Promise((resolve) => {
      const answer = (verdict: Verdict): void => {
        timer.cancel();
        this.#questions.delete(component);
        resolve(verdict);
      };
      const timer = this.#clock.after(timeout, () => answer({ status: 'SILENT' }));
      this.#questions.set(component, { deploymentId, answer });
      const validateConfigurationUpdateEvent = { deploymentId, configuration };
      validator.send('ValidateConfigurationUpdateEvents', { validateConfigurationUpdateEvent });
    });
  }

  /** @throws IpcServiceError `InvalidArgumentsError` when nobody has asked, or not any more */
  report(component: string, deploymentId: string, verdict: Verdict): void {
    const question = this.#questions.get(component);
    if (question === undefined || question.deploymentId !== deploymentId) {
      throw new IpcServiceError('InvalidArgumentsError', 'Validation request either timed out or was never made');
    }
    question.answer(verdict);
  }
}
