import { parseArn } from '../../core/account.ts';
import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { Principal, ServicePrincipal } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { DEFAULT_AGE_SECONDS, DEFAULT_ATTEMPTS, FIRST_RETRY_MS, MAX_RETRY_MS } from './limits.ts';
import type { DeliveryRecord } from './records.ts';
import { inputOf } from './target-input.ts';
import { sendTo } from './targets.ts';

/**
 * Events on their way to targets: kept on disk until they are delivered, are dead letters or are given up ("Retrying
 * event delivery in EventBridge"). Delivery is at least once.
 */
export class Deliveries {
  readonly #context: CloudContext;
  readonly #records: Collection<DeliveryRecord>;
  readonly #timers = new Map<string, Timer>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#records = context.store.collection('events/deliveries');
  }

  /** Goes on with what an earlier run has left. */
  resume(): void {
    this.#stopped = false;
    for (const { id } of this.#records.values()) this.#attempt(id);
  }

  /** The caller waits for the disk, then calls {@link begin}. */
  add(delivery: DeliveryRecord): void {
    this.#records.put(delivery.id, delivery);
  }

  begin(ids: readonly string[]): void {
    for (const id of ids) this.#attempt(id);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await Promise.all(this.#running);
  }

  #attempt(id: string): void {
    if (this.#stopped) return;
    const run = this.#deliver(id).finally(() => this.#running.delete(run));
    this.#running.add(run);
  }

  async #deliver(id: string): Promise<void> {
    const delivery = this.#records.get(id);
    if (delivery === undefined) return;
    const { context, input } = this.#inputOf(delivery);
    try {
      await sendTo(this.#context, principalFor(this.#context, delivery), delivery.target, input, context.event);
      this.#records.delete(id);
    } catch (error) {
      await this.#failed(delivery, input, error);
    }
  }

  #inputOf(delivery: DeliveryRecord) {
    const event = JSON.parse(delivery.event) as object;
    const { acceptedAt, ruleArn, ruleName, target } = delivery;
    return { context: { event }, input: inputOf(event, target, { ruleArn, ruleName, ingestedAt: acceptedAt }) };
  }

  async #failed(delivery: DeliveryRecord, input: string, error: unknown): Promise<void> {
    const { target } = delivery;
    const attempts = delivery.attempts + 1;
    const now = this.#context.clock.now();
    const ends = delivery.acceptedAt + (target.maxAgeSeconds ?? DEFAULT_AGE_SECONDS) * 1000;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** (attempts - 1), MAX_RETRY_MS);
    const condition = exhausted(error, attempts > (target.maxAttempts ?? DEFAULT_ATTEMPTS), now + delay > ends);
    this.#context.log('warn', 'EventBridge could not deliver an event', {
      rule: delivery.ruleName,
      target: target.arn,
      attempts,
      reason: messageOf(error),
      givenUp: condition !== undefined,
    });
    if (condition === undefined) {
      this.#records.put(delivery.id, { ...delivery, attempts });
      const timer = this.#context.clock.after(delay, () => {
        this.#timers.delete(delivery.id);
        this.#attempt(delivery.id);
      });
      this.#timers.set(delivery.id, timer);
      return;
    }
    await this.#deadLetter(delivery, input, error, condition, attempts);
    this.#records.delete(delivery.id);
  }

  /** User guide, "Using dead-letter queues to process undelivered events". */
  async #deadLetter(
    delivery: DeliveryRecord,
    input: string,
    error: unknown,
    condition: string,
    attempts: number,
  ): Promise<void> {
    const { ruleArn, target } = delivery;
    const queue = parseArn(target.deadLetterArn ?? '');
    if (queue === undefined) return;
    const attributes = {
      RULE_ARN: ruleArn,
      TARGET_ARN: target.arn,
      ERROR_CODE: error instanceof AwsError && error.statusCode === 403 ? 'NO_PERMISSIONS' : codeOf(error),
      ERROR_MESSAGE: messageOf(error),
      EXHAUSTED_RETRY_CONDITION: condition,
      RETRY_ATTEMPTS: String(attempts - 1),
    };
    try {
      await this.#context.api.call(servicePrincipal(delivery), 'sqs', 'SendMessage', {
        QueueUrl: `https://sqs.${queue.region}.amazonaws.com/${queue.accountId}/${queue.resource}`,
        MessageBody: input,
        MessageAttributes: Object.fromEntries(
          Object.entries(attributes).map(([name, StringValue]) => [name, { DataType: 'String', StringValue }]),
        ),
      });
    } catch (cause) {
      this.#context.log('error', 'EventBridge could not write a dead letter; the event is lost', {
        rule: delivery.ruleName,
        queue: target.deadLetterArn,
        reason: messageOf(cause),
      });
    }
  }
}

/** Errors that come back whatever is tried are not tried again; undefined while another attempt is due. */
function exhausted(error: unknown, tooMany: boolean, tooOld: boolean): string | undefined {
  const throttled = error instanceof AwsError && /throttl|toomanyrequests|limit/i.test(error.code);
  if (error instanceof AwsError && (error.statusCode < 500 || error.statusCode === 501) && !throttled)
    return 'NonRetryable';
  if (tooMany) return 'MaximumRetryAttempts';
  return tooOld ? 'MaximumEventAgeInSeconds' : undefined;
}

function codeOf(error: unknown): string {
  return error instanceof AwsError ? error.code : 'INTERNAL_ERROR';
}

function servicePrincipal({ ruleArn }: DeliveryRecord): ServicePrincipal {
  const sourceAccount = parseArn(ruleArn)?.accountId as string;
  return { kind: 'service', service: 'events.amazonaws.com', sourceArn: ruleArn, sourceAccount };
}

/** A target's role, or the service, which the target's own policy must allow. */
function principalFor(context: CloudContext, delivery: DeliveryRecord): () => Principal {
  return () => {
    const service = servicePrincipal(delivery);
    const { roleArn } = delivery.target;
    if (roleArn === undefined) return service;
    return context.ports.get('authorizer').assumeRole(service, roleArn, delivery.id.replaceAll('-', '').slice(0, 32));
  };
}
