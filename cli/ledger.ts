import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deadLetterSchema, telemetryMessageSchema } from '@fleetwright/contracts';
import type { HotStore, SamplesOf } from './hot-store/hot-store.ts';
import { openHotStore } from './hot-store/open-hot-store.ts';
import type { PlatformOutputs } from './platform-outputs.ts';
import type { AwsClientSettings } from './running-cloud.ts';

/** What the platform holds at one moment: where an acknowledged sample may be. */
export interface LedgerEntry {
  /** Samples in the hot store. */
  readonly telemetryRows: number;
  /** Health messages in the hot store. */
  readonly healthMessages: number;
  /** Messages in the rejected, failed and rule-error queues. */
  readonly deadLetters: number;
}

/** Counts what arrived, through the same APIs that an operator would use. */
export class Ledger {
  readonly store: HotStore;
  /** ms since the epoch: what was there before counts as well, or not, but the same in every entry. */
  readonly #since = Date.now();
  readonly #queues: SQSClient;
  readonly #outputs: PlatformOutputs;
  readonly #of: SamplesOf;

  /** @param of whose samples. @default everybody's */
  constructor(settings: AwsClientSettings, outputs: PlatformOutputs, of: SamplesOf = {}) {
    this.#of = of;
    this.store = openHotStore(settings, outputs);
    this.#queues = new SQSClient(settings);
    this.#outputs = outputs;
  }

  async read(): Promise<LedgerEntry> {
    const [telemetryRows, healthMessages, deadLetters] = await Promise.all([
      this.telemetryRows(),
      this.store.countHealth(this.#since),
      this.#deadLetters(),
    ]);
    return { telemetryRows, healthMessages, deadLetters };
  }

  telemetryRows(): Promise<number> {
    return this.store.countSamples(this.#since, this.#of);
  }

  /** Samples named in the rejected queue. Messages stay there: they become visible again at once. */
  async rejectedSamples(): Promise<number> {
    const seen = new Map<string, number>();
    for (let empty = 0; empty < 2; ) {
      const { Messages = [] } = await this.#queues.send(
        new ReceiveMessageCommand({
          QueueUrl: this.#outputs.RejectedQueueUrl,
          MaxNumberOfMessages: 10,
          VisibilityTimeout: 5,
        }),
      );
      const fresh = Messages.filter(({ MessageId = '' }) => !seen.has(MessageId));
      if (fresh.length === 0) empty++;
      for (const { Body = '', MessageId = '' } of fresh) seen.set(MessageId, samplesOf(Body));
    }
    return [...seen.values()].reduce((sum, samples) => sum + samples, 0);
  }

  close(): void {
    this.store.close();
    this.#queues.destroy();
  }

  async #deadLetters(): Promise<number> {
    const { FailedQueueUrl, RejectedQueueUrl, RuleErrorQueueUrl } = this.#outputs;
    const counts = await Promise.all(
      [FailedQueueUrl, RejectedQueueUrl, RuleErrorQueueUrl].map(async (QueueUrl) => {
        const { Attributes } = await this.#queues.send(
          new GetQueueAttributesCommand({
            QueueUrl,
            AttributeNames: ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'],
          }),
        );
        return (
          Number(Attributes?.ApproximateNumberOfMessages ?? 0) +
          Number(Attributes?.ApproximateNumberOfMessagesNotVisible ?? 0)
        );
      }),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }
}

/** Samples that a dead letter accounts for: those it names, or all of a message that was rejected whole. */
export function samplesOf(body: string): number {
  const letter = deadLetterSchema.safeParse(parse(body));
  if (!letter.success) return 0;
  const named = new Set(letter.data.rejections.flatMap(({ samples }) => samples ?? []));
  const whole = letter.data.rejections.some(({ samples }) => samples === undefined);
  if (!whole) return named.size;
  const payload = Buffer.from(letter.data.envelope?.payload ?? '', 'base64').toString('utf8');
  const message = telemetryMessageSchema.safeParse(parse(payload));
  return message.success ? message.data.samples.length : 1;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
