import { ConstraintViolations } from '../../core/constraint-violations.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { MAX_TOKEN, TOKEN_LIFETIME, TOKEN_PATTERN } from './limits.ts';

/**
 * Answers of requests with a client token, given again to the same request (API reference, `clientToken`: "caches successful responses
 * for idempotent requests for up to 8 hours").
 */
export class ClientTokens {
  readonly #context: CloudContext;
  readonly #answers: Collection<{ readonly at: number; readonly id: string }>;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#answers = context.store.collection('greengrassv2/client-tokens');
  }

  /** What the first request with this token has made. @throws AwsError ValidationException */
  find(operation: string, token: string | undefined): string | undefined {
    if (token === undefined) return undefined;
    new ConstraintViolations()
      .length('clientToken', token, 1, MAX_TOKEN)
      .pattern('clientToken', token, TOKEN_PATTERN)
      .throwIfAny();
    const now = this.#context.clock.now();
    for (const [key, { at }] of [...this.#answers.entries()]) if (at + TOKEN_LIFETIME <= now) this.#answers.delete(key);
    return this.#answers.get(`${operation} ${token}`)?.id;
  }

  keep(operation: string, token: string | undefined, id: string): void {
    if (token !== undefined) this.#answers.put(`${operation} ${token}`, { at: this.#context.clock.now(), id });
  }
}
