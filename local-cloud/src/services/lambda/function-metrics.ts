import type { MetricSeries } from '../../core/metrics.ts';
import type { CloudContext } from '../../core/plugin.ts';

/** What a function says of itself (developer guide, "Types of metrics for Lambda functions"). */
export class FunctionMetrics {
  readonly #invocations: MetricSeries | undefined;
  readonly #errors: MetricSeries | undefined;
  readonly #throttles: MetricSeries | undefined;
  readonly #duration: MetricSeries | undefined;
  readonly #concurrency: MetricSeries | undefined;

  constructor(context: CloudContext, functionName: string) {
    const metrics = context.ports.find('metrics');
    const series = (name: string, unit: 'Count' | 'Milliseconds' = 'Count') =>
      metrics?.series('AWS/Lambda', name, { FunctionName: functionName }, unit);
    this.#invocations = series('Invocations');
    this.#errors = series('Errors');
    this.#throttles = series('Throttles');
    this.#duration = series('Duration', 'Milliseconds');
    this.#concurrency = series('ConcurrentExecutions');
  }

  /** @param running invocations at that moment, this one included */
  began(running: number): void {
    this.#invocations?.put(1);
    this.#concurrency?.put(running);
    this.#throttles?.put(0);
  }

  throttled(): void {
    this.#throttles?.put(1);
  }

  ended(failed: boolean): void {
    this.#errors?.put(failed ? 1 : 0);
  }

  lasted(milliseconds: number): void {
    this.#duration?.put(milliseconds);
  }
}
