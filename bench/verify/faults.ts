import type { CloudWarning } from '../../local-cloud/src/index.ts';

/** Error entries of the cloud's log that say what a device or an operator did wrong, not what the cloud did. */
const ANSWERS = new Set([
  'RuleNotFound',
  'rule action failed',
  'confirmation request failed',
  'a notification could not be delivered and is lost: it has no dead-letter queue',
  'a notification reached neither its subscriber nor its dead-letter queue and is lost',
]);

/** Longest text kept of one fault. */
const MAX_TEXT = 1_000;

/** Error entries of the cloud's log that no input may cause, each kind with its number and its first words. */
export class Faults {
  readonly #kinds = new Map<string, { count: number; example: string }>();
  readonly #byRequest = new Map<string, string>();

  readonly onWarning = ({ level, message, fields }: CloudWarning): void => {
    if (level !== 'error' || ANSWERS.has(message)) return;
    const { requestId, ...others } = fields;
    const detail = JSON.stringify(others);
    if (typeof requestId === 'string') this.#byRequest.set(requestId, detail.slice(0, MAX_TEXT));
    // The place in the code tells faults apart better than their text, which repeats the input.
    const place = typeof fields.stack === 'string' ? (/\n\s+at (.*)/.exec(fields.stack)?.[1] ?? '') : '';
    const kind = `${message} ${place}`.trim();
    const known = this.#kinds.get(kind);
    if (known === undefined) this.#kinds.set(kind, { count: 1, example: detail.slice(0, MAX_TEXT) });
    else known.count++;
  };

  get count(): number {
    return [...this.#kinds.values()].reduce((sum, { count }) => sum + count, 0);
  }

  /** What the log says of one request. */
  of(requestId: string): string | undefined {
    return this.#byRequest.get(requestId);
  }

  describe(): string[] {
    return [...this.#kinds].map(([kind, { count, example }]) => `${count} × ${kind}: ${example}`);
  }
}
