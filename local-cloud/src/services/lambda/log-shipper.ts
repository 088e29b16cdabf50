import type { InputLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { Principal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import {
  LOG_EVENT_OVERHEAD,
  LOG_SHIP_INTERVAL,
  MAX_LOG_BACKLOG_BYTES,
  MAX_LOG_BATCH_BYTES,
  MAX_LOG_BATCH_EVENTS,
} from './limits.ts';

/**
 * Ships the lines of one environment to its log stream as the function's role, in batches.
 * A failure never reaches the function: it is reported once per function and kind, and the lines are dropped, as on
 * AWS a function without permissions for logs runs and leaves none.
 */
export class LogShipper {
  readonly #context: CloudContext;
  readonly #principal: Principal;
  readonly #group: string;
  readonly #stream: string;
  readonly #reportOnce: (kind: string, message: string) => void;
  readonly #pending: Set<LogShipper>;
  #waiting: InputLogEvent[] = [];
  #waitingBytes = 0;
  #timer: Timer | undefined;
  #created = false;
  #shipping: Promise<void> = Promise.resolve();

  /** `pending` holds the shippers that have lines to store. */
  constructor(
    context: CloudContext,
    principal: Principal,
    group: string,
    stream: string,
    reportOnce: (kind: string, message: string) => void,
    pending: Set<LogShipper>,
  ) {
    this.#context = context;
    this.#principal = principal;
    this.#group = group;
    this.#stream = stream;
    this.#reportOnce = reportOnce;
    this.#pending = pending;
  }

  add(message: string): void {
    const bytes = Buffer.byteLength(message) + LOG_EVENT_OVERHEAD;
    if (this.#waitingBytes + bytes > MAX_LOG_BACKLOG_BYTES) {
      this.#reportOnce('backlog', 'log lines were dropped: the function writes more than can be stored');
      return;
    }
    this.#waiting.push({ timestamp: this.#context.clock.now(), message });
    this.#waitingBytes += bytes;
    this.#pending.add(this);
    this.#timer ??= this.#context.clock.after(LOG_SHIP_INTERVAL, () => void this.flush());
  }

  /** Resolves when everything added so far has been stored or dropped. */
  async flush(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    const events = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    if (events.length > 0) this.#shipping = this.#shipping.then(() => this.#ship(events));
    const shipping = this.#shipping;
    await shipping;
    // Another flush may have taken lines meanwhile.
    if (this.#waiting.length === 0 && this.#shipping === shipping) this.#pending.delete(this);
  }

  async #ship(events: InputLogEvent[]): Promise<void> {
    try {
      if (!this.#created) await this.#create();
      this.#created = true;
      for (const logEvents of batches(events)) {
        await this.#call('PutLogEvents', { logGroupName: this.#group, logStreamName: this.#stream, logEvents });
      }
    } catch (error) {
      const kind = error instanceof AwsError ? error.code : 'error';
      this.#reportOnce(kind, `logs of the function could not be stored in ${this.#group}: ${messageOf(error)}`);
    }
  }

  async #create(): Promise<void> {
    const stream = { logGroupName: this.#group, logStreamName: this.#stream };
    try {
      await this.#call('CreateLogStream', stream);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error;
      await this.#call('CreateLogGroup', { logGroupName: this.#group });
      await this.#call('CreateLogStream', stream);
    }
  }

  async #call(operation: string, input: object): Promise<void> {
    try {
      await this.#context.api.call(this.#principal, 'cloudwatch-logs', operation, input);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ResourceAlreadyExistsException') throw error;
    }
  }
}

function* batches(events: readonly InputLogEvent[]): Iterable<InputLogEvent[]> {
  let batch: InputLogEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.message ?? '') + LOG_EVENT_OVERHEAD;
    if (batch.length > 0 && (batch.length === MAX_LOG_BATCH_EVENTS || bytes + size > MAX_LOG_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(event);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
