import {
  ALL_WRITE_TOPICS,
  type WriteAnswer,
  type WriteRequest,
  writeRequestSchema,
  writeTopic,
  writtenTopic,
} from '../../../contracts/src/index.ts';
import type { ComponentClock, ComponentLog, LocalBus } from '../../shared/src/component.ts';
import type { Source } from './configuration/gateway-configuration.ts';
import { type FieldSource, WriteRefused } from './points/field-source.ts';

/** Requests of one source that are under way. */
const MAX_UNDER_WAY = 32;
/** Answers that are remembered, so that a request that comes twice is not carried out twice. */
const MAX_REMEMBERED = 1_000;

interface Target {
  readonly configuration: Source;
  readonly source: FieldSource;
}

/**
 * Serves requests to write points.
 *
 * INVARIANTS
 * - A request is answered once for each time that it comes, and carried out at most once as long as its answer is remembered.
 * - Nothing is written to a point that is not writable, outside its limits, or after the request has expired.
 */
export class WriteRequests {
  readonly #bus: LocalBus;
  readonly #clock: ComponentClock;
  readonly #log: ComponentLog;
  readonly #targetOf: (source: string) => Target | undefined;
  readonly #underWay = new Map<string, number>();
  readonly #answers = new Map<string, Promise<Omit<WriteAnswer, 'requestId' | 'version'>>>();
  #subscription: { end(): Promise<void> } | undefined;

  constructor(
    { clock, local, log }: { clock: ComponentClock; local: LocalBus; log: ComponentLog },
    targetOf: (source: string) => Target | undefined,
  ) {
    this.#bus = local;
    this.#clock = clock;
    this.#log = log;
    this.#targetOf = targetOf;
  }

  async start(): Promise<void> {
    this.#subscription = await this.#bus.subscribe(ALL_WRITE_TOPICS, (message, topic) => {
      this.#take(message, topic).catch((error: unknown) => {
        this.#log.warn('a request to write could not be answered', { topic, reason: String(error) });
      });
    });
  }

  async stop(): Promise<void> {
    await this.#subscription?.end();
  }

  async #take(message: unknown, topic: string): Promise<void> {
    const source = topic.slice(writeTopic('').length);
    const read = writeRequestSchema.safeParse(message);
    if (!read.success) {
      const requestId = (message as { requestId?: unknown } | null)?.requestId;
      const detail = read.error.issues.map(({ message: text, path }) => `${path.join('.')}: ${text}`).join('; ');
      this.#log.warn('a request to write is malformed', { source, detail: detail.slice(0, 512) });
      if (typeof requestId !== 'string' || !/^[0-9a-f]{32}$/.test(requestId)) return;
      await this.#answer(source, requestId, { ok: false, detail: detail.slice(0, 1_024), time: this.#clock.now() });
      return;
    }
    const request = read.data;
    const key = `${source}/${request.requestId}`;
    let outcome = this.#answers.get(key);
    if (outcome === undefined) {
      outcome = this.#carryOut(source, request).then(
        () => ({ ok: true, time: this.#clock.now() }),
        (error: unknown) => {
          if (!(error instanceof WriteRefused)) this.#log.error('a write failed', { source, reason: String(error) });
          const detail = error instanceof Error ? error.message : String(error);
          return { ok: false, detail: detail.slice(0, 1_024), time: this.#clock.now() };
        },
      );
      this.#answers.set(key, outcome);
      const [oldest] = this.#answers.keys();
      if (this.#answers.size > MAX_REMEMBERED && oldest !== undefined) this.#answers.delete(oldest);
    }
    await this.#answer(source, request.requestId, await outcome);
  }

  async #carryOut(name: string, { expiresAt, point, value }: WriteRequest): Promise<void> {
    const expired = (): boolean => this.#clock.now() > expiresAt;
    const target = this.#targetOf(name);
    if (target === undefined) throw new WriteRefused(`there is no source ${name}`);
    const options = Object.hasOwn(target.configuration.points, point) ? target.configuration.points[point] : undefined;
    if (options === undefined) throw new WriteRefused(`${name} has no point ${point}`);
    const { writable } = options;
    if (writable === false) throw new WriteRefused(`${point} is not writable`);
    if (writable === true && typeof value !== 'boolean') throw new WriteRefused(`${point} takes true or false`);
    if (writable !== true) {
      if (typeof value !== 'number') throw new WriteRefused(`${point} takes a number`);
      const { max, min } = writable;
      if (!(value >= min && value <= max)) throw new WriteRefused(`${value} is not within ${min} and ${max}`);
    }
    if (expired()) throw new WriteRefused('expired');
    const underWay = this.#underWay.get(name) ?? 0;
    if (underWay >= MAX_UNDER_WAY) throw new WriteRefused(`${MAX_UNDER_WAY} requests are under way`);
    this.#underWay.set(name, underWay + 1);
    try {
      await target.source.write(point, value, expired);
    } finally {
      this.#underWay.set(name, (this.#underWay.get(name) ?? 1) - 1);
    }
  }

  #answer(source: string, requestId: string, outcome: Omit<WriteAnswer, 'requestId' | 'version'>): Promise<void> {
    const answer: WriteAnswer = { version: 1, requestId, ...outcome };
    return this.#bus.publish(writtenTopic(source), answer);
  }
}
