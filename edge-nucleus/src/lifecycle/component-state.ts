/** States of a component (developer guide, "AWS IoT Greengrass component lifecycle"). */
export const COMPONENT_STATES = [
  'NEW',
  'INSTALLED',
  'STARTING',
  'RUNNING',
  'STOPPING',
  'ERRORED',
  'BROKEN',
  'FINISHED',
] as const;

export type ComponentState = (typeof COMPONENT_STATES)[number];

/** Errors in a row of one state that break a component ("If the component becomes `ERRORED` three times without successfully recovering …"). */
export const MAX_ERRORS = 3;
/** ms after which an earlier error of a state does not count any more (nucleus, `errorResetTime`) */
export const ERROR_RESET_TIME = 3_600_000;

/**
 * Errors of a component by the state that it was in. An error in `RUNNING` counts on over the restarts that follow it; leaving a
 * state without an error forgets those of that state.
 */
export class ErrorCount {
  readonly #errors = new Map<ComponentState, number[]>();

  /** @returns whether the component is broken */
  errored(state: ComponentState, now: number): boolean {
    const before = this.#errors.get(state) ?? [];
    const last = before.at(-1);
    const counted = last !== undefined && now - last >= ERROR_RESET_TIME ? [now] : [...before, now];
    this.#errors.set(state, counted);
    return counted.length >= MAX_ERRORS;
  }

  left(state: ComponentState): void {
    this.#errors.delete(state);
  }

  clear(): void {
    this.#errors.clear();
  }

  /** Errors in a row of the state. */
  of(state: ComponentState): number {
    return this.#errors.get(state)?.length ?? 0;
  }
}
