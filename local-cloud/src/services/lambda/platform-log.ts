import type { LoggingSettings } from './function-record.ts';

/** What a REPORT line states. */
export interface InvocationReport {
  readonly requestId: string;
  readonly durationMilliseconds: number;
  readonly memorySize: number;
  readonly maxMemoryUsed: number;
  /** Of a cold start. */
  readonly initMilliseconds?: number | undefined;
  readonly status: 'success' | 'error' | 'timeout';
  readonly errorType?: string | undefined;
}

/**
 * The lines that Lambda itself writes around an invocation (developer guide, "Viewing CloudWatch logs for Lambda
 * functions", and "Telemetry API Event schema reference" for the JSON format).
 */
export class PlatformLog {
  readonly #json: boolean;
  readonly #silent: boolean;
  readonly #now: () => number;

  constructor(logging: LoggingSettings, now: () => number) {
    this.#json = logging.logFormat === 'JSON';
    this.#silent = this.#json && logging.systemLogLevel === 'WARN';
    this.#now = now;
  }

  start(requestId: string): string[] {
    if (this.#json) return this.#event('platform.start', { requestId, version: '$LATEST' });
    return [`START RequestId: ${requestId} Version: $LATEST\n`];
  }

  timeout(requestId: string, seconds: number): string[] {
    if (this.#json) return [];
    return [`${this.#time()} ${requestId} Task timed out after ${seconds.toFixed(2)} seconds\n\n`];
  }

  /** A runtime that ended itself. */
  exit(requestId: string, message: string): string[] {
    return this.#json ? [] : [`RequestId: ${requestId} Error: ${message}\nRuntime.ExitError\n`];
  }

  end(report: InvocationReport): string[] {
    const billed = Math.ceil(report.durationMilliseconds + (report.initMilliseconds ?? 0));
    if (this.#json) {
      const metrics = {
        durationMs: round(report.durationMilliseconds),
        billedDurationMs: billed,
        memorySizeMB: report.memorySize,
        maxMemoryUsedMB: report.maxMemoryUsed,
        ...(report.initMilliseconds === undefined ? {} : { initDurationMs: round(report.initMilliseconds) }),
      };
      const { requestId, status, errorType } = report;
      return this.#event('platform.report', { requestId, metrics, status, errorType });
    }
    const init = report.initMilliseconds === undefined ? '' : `Init Duration: ${round(report.initMilliseconds)} ms\t`;
    const failed =
      report.status === 'success'
        ? ''
        : `Status: ${report.status}\t${report.errorType === undefined ? '' : `Error Type: ${report.errorType}\t`}`;
    return [
      `END RequestId: ${report.requestId}\n`,
      `REPORT RequestId: ${report.requestId}\tDuration: ${round(report.durationMilliseconds)} ms\tBilled Duration: ${billed} ms\t` +
        `Memory Size: ${report.memorySize} MB\tMax Memory Used: ${report.maxMemoryUsed} MB\t${init}${failed}\n`,
    ];
  }

  #event(type: string, record: object): string[] {
    return this.#silent ? [] : [JSON.stringify({ time: this.#time(), type, record })];
  }

  #time(): string {
    return new Date(this.#now()).toISOString();
  }
}

function round(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100;
}
