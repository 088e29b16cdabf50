import type { CloudContext } from '../../core/plugin.ts';
import { FAILURE_REPORT_INTERVAL } from './limits.ts';

export interface Failure {
  readonly function: string;
  readonly requestId: string;
  readonly errorType: string | undefined;
  readonly errorMessage: string | undefined;
}

/** Says in the cloud's log that a function fails: each kind of error at once, its repetitions once a second, counted. */
export class FailureReports {
  readonly #context: CloudContext;
  readonly #last = new Map<string | undefined, { at: number; repeated: number }>();

  constructor(context: CloudContext) {
    this.#context = context;
  }

  report(failure: Failure): void {
    const now = this.#context.clock.now();
    const last = this.#last.get(failure.errorType);
    if (last !== undefined && now < last.at + FAILURE_REPORT_INTERVAL) {
      last.repeated++;
      return;
    }
    this.#last.set(failure.errorType, { at: now, repeated: 0 });
    const repeated = last === undefined || last.repeated === 0 ? {} : { repeatedBefore: last.repeated };
    this.#context.log('error', 'a function failed', { ...failure, ...repeated });
  }
}
