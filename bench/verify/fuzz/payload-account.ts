import { createHash } from 'node:crypto';
import { validateMessage } from '../../../lambdas/ingest-telemetry/validate-message.ts';
import { decodePayload } from '../../../lambdas/shared/decode-payload.ts';
import { takeLetters } from '../dead-letters.ts';
import type { Subject } from '../subject.ts';

/** A publish that the cloud has acknowledged. */
export interface AcknowledgedPayload {
  readonly thingName: string;
  readonly channel: 'telemetry' | 'event';
  readonly kind: string;
  readonly bytes: Buffer;
}

/** What the dead-letter queues say of one payload. */
interface Account {
  /** Letters that no publish has been matched with yet. */
  unclaimed: number;
  /** Samples named as refused; undefined when a letter refuses the message whole. */
  refused: Set<number> | undefined;
}

/** Where each acknowledged payload ended, by the content of dead letters and the keys of rows. */
export class PayloadAccount {
  readonly #subject: Subject;
  readonly #accounts = new Map<string, Account>();
  #letters = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  get letters(): number {
    return this.#letters;
  }

  /** Reads what has come into the dead-letter queues since the last time. */
  async collect(): Promise<void> {
    for (const { payload, refused } of await takeLetters(this.#subject)) {
      this.#letters++;
      const key = digest(payload);
      const known = this.#accounts.get(key);
      if (known === undefined) {
        this.#accounts.set(key, { unclaimed: 1, refused: refused === undefined ? undefined : new Set(refused) });
        continue;
      }
      known.unclaimed++;
      if (refused === undefined) known.refused = undefined;
      else for (const sample of refused) known.refused?.add(sample);
    }
  }

  /**
   * Payloads of `acknowledged` that are neither stored whole nor in a letter for what is missing. A letter accounts for
   * one publish of its bytes, so a payload that was found is not to be asked for again.
   */
  async unaccounted(acknowledged: readonly AcknowledgedPayload[]): Promise<AcknowledgedPayload[]> {
    const readings = acknowledged.map(({ bytes }) => readable(bytes));
    const rows = await this.#rows(readings.flatMap((reading) => (reading === undefined ? [] : [reading.sequence])));
    return acknowledged.filter((payload, at) => {
      const account = this.#accounts.get(digest(payload.bytes));
      const reading = readings[at];
      if (reading !== undefined) {
        const stored = rows.get(`${payload.thingName} ${payload.channel} ${reading.bootId} ${reading.sequence}`) ?? 0;
        const refused = account === undefined ? 0 : (account.refused?.size ?? reading.samples);
        if (stored + refused >= reading.samples) return false;
      }
      // A letter that names samples leaves the others to be found as rows.
      const partial = reading !== undefined && account?.refused !== undefined;
      if (account === undefined || account.unclaimed === 0 || partial) return true;
      account.unclaimed--;
      return false;
    });
  }

  /** Rows by thing, channel, boot and sequence, from the lowest of `sequences` on. */
  async #rows(sequences: readonly number[]): Promise<Map<string, number>> {
    if (sequences.length === 0) return new Map();
    const lowest = sequences.reduce((least, sequence) => Math.min(least, sequence));
    const { rows } = await this.#subject.reader.query(
      `SELECT thing_name, measure_name, boot_id, sequence, count(*) FROM ${this.#subject.telemetryTable}
       WHERE sequence >= ${lowest} GROUP BY thing_name, measure_name, boot_id, sequence`,
    );
    return new Map(
      rows.map(([thing, channel, boot, sequence, count]) => [`${thing} ${channel} ${boot} ${sequence}`, Number(count)]),
    );
  }
}

/** Key and size of a payload that the ingest function takes; undefined when it refuses the whole of it. */
function readable(bytes: Buffer): { bootId: number; sequence: number; samples: number } | undefined {
  try {
    const validation = validateMessage(decodePayload(bytes));
    if (!validation.ok) return undefined;
    const { bootId, samples, sequence } = validation.message;
    return { bootId, sequence, samples: samples.length };
  } catch {
    return undefined;
  }
}

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('base64');
}
