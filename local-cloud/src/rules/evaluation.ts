import type { Entropy } from '../core/entropy.ts';
import type { MessageProperties } from '../core/mqtt.ts';
import type { ExternalCalls } from './external/external-calls.ts';
import { parseJson } from './values/json.ts';
import type { Numbers } from './values/numbers.ts';
import { RawPayload, type SqlValue } from './values/value.ts';

/** What a rule can know of a message. */
export interface RuleInput {
  /** Without the Basic Ingest prefix, which `topic()` does not see ("Reducing messaging costs with Basic Ingest"). */
  readonly topic: string;
  readonly payload: Buffer;
  /** MQTT client id; undefined when the message did not come over MQTT. */
  readonly clientId?: string | undefined;
  /** Certificate id of the publisher. */
  readonly principal?: string | undefined;
  readonly sourceIp?: string | undefined;
  readonly properties?: MessageProperties | undefined;
  readonly accountId: string;
  /** `timestamp()`, ms since the epoch. */
  readonly timestamp: number;
  /** `traceid()`; made when it is asked for, then kept. */
  traceId(): string | undefined;
  readonly entropy: Entropy;
}

const UNREAD = Symbol('unread');

/**
 * One message under evaluation. The payload is parsed when an attribute is first asked for, once per SQL version, and
 * shared by every rule that matches.
 */
export class Evaluation {
  readonly input: RuleInput;
  /** Element of the innermost nested query. */
  element: SqlValue;
  /** Values of the SET clause of the rule at hand; made by its statement. */
  variables: readonly SqlValue[] = [];
  /** Answers of services; only for rules that ask them. */
  readonly externals: ExternalCalls | undefined;
  /** Statements that have read the payload on their own. */
  passes = 0;
  #wholeAsInt: SqlValue | typeof UNREAD = UNREAD;
  #wholeAsDecimal: SqlValue | typeof UNREAD = UNREAD;

  constructor(input: RuleInput, externals?: ExternalCalls) {
    this.input = input;
    this.externals = externals;
  }

  /** Randomness of `newuuid()` and `rand()`. */
  get entropy(): Entropy {
    return this.externals?.entropy ?? this.input.entropy;
  }

  /**
   * The JSON object or array of the payload, else Undefined: a payload of `80` is no JSON
   * ("WHERE clause", example with a non-JSON payload).
   */
  document(numbers: Numbers): SqlValue {
    if (numbers.keepWhole) {
      if (this.#wholeAsDecimal === UNREAD) this.#wholeAsDecimal = readDocument(this.input.payload, numbers);
      return this.#wholeAsDecimal;
    }
    if (this.#wholeAsInt === UNREAD) this.#wholeAsInt = readDocument(this.input.payload, numbers);
    return this.#wholeAsInt;
  }

  /** {@link document} has been asked for before: reading it costs nothing any more. */
  hasDocument(numbers: Numbers): boolean {
    return (numbers.keepWhole ? this.#wholeAsDecimal : this.#wholeAsInt) !== UNREAD;
  }

  /** `*`: the document, or the raw bytes when there is none. */
  whole(numbers: Numbers): SqlValue {
    return this.document(numbers) ?? new RawPayload(this.input.payload);
  }

  /** Level of the topic, 1 being the first. */
  topicLevel(position: number): string | undefined {
    const { topic } = this.input;
    let start = 0;
    for (let level = 1; level < position; level++) {
      const slash = topic.indexOf('/', start);
      if (slash < 0) return undefined;
      start = slash + 1;
    }
    const end = topic.indexOf('/', start);
    return position < 1 ? undefined : topic.slice(start, end < 0 ? topic.length : end);
  }
}

function readDocument(payload: Buffer, numbers: Numbers): SqlValue {
  if (!mayBeDocument(payload)) return undefined;
  try {
    return parseJson(payload.toString('utf8'), numbers);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The first byte that is no white space opens an object or array. */
function mayBeDocument(payload: Buffer): boolean {
  for (let index = 0; index < payload.length; index++) {
    const byte = payload[index];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    return byte === 0x7b || byte === 0x5b;
  }
  return false;
}
