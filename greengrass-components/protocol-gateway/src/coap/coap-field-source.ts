import { setMaxListeners } from 'node:events';
import type { CoapResource, CoapSource } from '../configuration/coap-source.ts';
import { type PayloadReader, PayloadRefused, readPayload } from '../payload/read-payload.ts';
import { BackOff } from '../points/back-off.ts';
import { type FieldSource, type SourcePorts, type SourceStatus, WriteRefused } from '../points/field-source.ts';
import { type PointTable, type RawReading, unscaled } from '../points/point-table.ts';
import { RateLimit } from '../points/rate-limit.ts';
import { type CoapAnswer, type CoapTarget, CoapTrouble, coapRequest } from './coap-exchange.ts';
import { CoapObservation } from './coap-observation.ts';

const LEAST_SILENCE_MS = 15_000;
/** Datagrams a second of one resource; a big one in blocks needs some. */
const MAX_RATE = 200;

interface Watched {
  readonly resource: CoapResource;
  readonly target: CoapTarget;
  readonly points: readonly string[];
  readonly silentAfterMs: number;
  readonly backOff: BackOff;
  readonly limit: RateLimit;
  /** Monotonic ms of the last answer. */
  answeredAt: number;
  /** Why it does not answer at present. */
  problem: string | undefined;
  observation: CoapObservation | undefined;
  fetching: boolean;
  timer: { cancel(): void } | undefined;
  silence: { cancel(): void } | undefined;
}

/** A CoAP server. Each resource is polled or observed by itself. */
export class CoapFieldSource implements FieldSource {
  readonly #configuration: CoapSource;
  readonly #table: PointTable;
  readonly #ports: SourcePorts;
  readonly #watched: Watched[] = [];
  readonly #abort = new AbortController();
  #stopped = false;
  #answers = 0;
  #failures = 0;

  constructor(configuration: CoapSource, table: PointTable, ports: SourcePorts) {
    this.#configuration = configuration;
    this.#table = table;
    this.#ports = ports;
    // One for each request under way: polls, and requests to write.
    setMaxListeners(0, this.#abort.signal);
  }

  start(): void {
    const { host, points, port, reconnect, resources, silentAfterMs } = this.#configuration;
    const { clock, random } = this.#ports;
    for (const [name, resource] of Object.entries(resources)) {
      const own = Object.entries(points).filter(([, point]) => point.resource === name);
      if (own.length === 0) continue;
      const watched: Watched = {
        resource,
        target: { host, port, ...resource },
        points: own.map(([point]) => point),
        silentAfterMs: silentAfterMs ?? Math.max(LEAST_SILENCE_MS, 3 * resource.intervalMs),
        backOff: new BackOff(reconnect, random),
        limit: new RateLimit(MAX_RATE, clock),
        answeredAt: clock.monotonic(),
        problem: undefined,
        observation: undefined,
        fetching: false,
        timer: undefined,
        silence: undefined,
      };
      this.#watched.push(watched);
      this.#begin(watched);
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort.abort();
    for (const { silence, timer } of this.#watched) {
      timer?.cancel();
      silence?.cancel();
    }
    await Promise.all(this.#watched.map(({ observation }) => observation?.stop()));
  }

  status(): SourceStatus {
    const silent = this.#watched.filter((watched) => this.#isSilent(watched));
    const troubles = this.#table.troubles;
    const [first] = troubles.values();
    const problem = silent[0]?.problem ?? first;
    const state =
      silent.length === this.#watched.length && silent.length > 0
        ? 'silent'
        : this.#answers === 0
          ? 'starting'
          : silent.length > 0 || troubles.size > 0
            ? 'partly'
            : 'good';
    const dropped = this.#watched.reduce((sum, { limit }) => sum + limit.refused, 0);
    return {
      state,
      ...(problem !== undefined && state !== 'good' && { problem }),
      answers: this.#answers,
      failures: this.#failures,
      dropped,
    };
  }

  async write(name: string, value: number | boolean, expired: () => boolean): Promise<void> {
    const point = this.#configuration.points[name];
    const watched = this.#watched.find(({ points }) => points.includes(name));
    if (point === undefined || watched === undefined) throw new WriteRefused(`there is no point ${name}`);
    if (expired()) throw new WriteRefused('expired');
    const payload = String(typeof value === 'number' ? unscaled(value, point) : value);
    let answer: CoapAnswer;
    try {
      answer = await coapRequest(watched.target, { method: 'PUT', payload }, this.#ports.clock, this.#abort.signal);
    } catch (error) {
      throw new WriteRefused(`perhaps not written: ${error instanceof Error ? error.message : String(error)}`);
    }
    if (!answer.code.startsWith('2')) throw new WriteRefused(`answered ${answer.code}`);
    if (watched.observation === undefined) this.#wait(watched, 0);
  }

  #begin(watched: Watched): void {
    if (this.#stopped) return;
    if (watched.resource.mode === 'poll') {
      this.#fetch(watched, (answered) => {
        this.#wait(watched, answered ? watched.resource.intervalMs : watched.backOff.next());
      });
      return;
    }
    watched.observation = new CoapObservation(watched.target, this.#ports, {
      allow: () => watched.limit.take(),
      onAnswer: (answer, partial) => {
        if (partial) this.#fetch(watched, () => {});
        else this.#take(watched, answer);
      },
      onEnd: ({ kind, reason }) => {
        watched.observation = undefined;
        if (kind === 'trouble') this.#fail(watched, reason);
        // What went stale is registered again at once; what cannot be observed is looked at by and by.
        if (kind === 'stale') this.#wait(watched, 1);
        else this.#wait(watched, kind === 'refused' ? watched.resource.intervalMs : watched.backOff.next());
      },
    });
    watched.observation.start();
  }

  #wait(watched: Watched, milliseconds: number): void {
    if (this.#stopped) return;
    watched.timer?.cancel();
    watched.timer = this.#ports.clock.after(milliseconds, () => this.#begin(watched));
  }

  #fetch(watched: Watched, then: (answered: boolean) => void): void {
    if (watched.fetching) return;
    watched.fetching = true;
    coapRequest(watched.target, { method: 'GET' }, this.#ports.clock, this.#abort.signal)
      .then((answer) => this.#take(watched, answer))
      .then(
        () => true,
        (error: unknown) => {
          if (!(error instanceof CoapTrouble)) this.#ports.log.error('a poll failed', { reason: String(error) });
          this.#fail(watched, error instanceof Error ? error.message : String(error));
          return false;
        },
      )
      .then((answered) => {
        watched.fetching = false;
        if (!this.#stopped) then(answered);
      });
  }

  #take(watched: Watched, { code, payload, type }: CoapAnswer): void {
    if (this.#stopped) return;
    const { clock } = this.#ports;
    const time = clock.now();
    watched.answeredAt = clock.monotonic();
    watched.problem = undefined;
    watched.silence?.cancel();
    watched.backOff.reset();
    this.#answers++;
    if (!code.startsWith('2')) {
      this.#failures++;
      this.#table.refused(watched.points, `answered ${code}`, time);
      return;
    }
    let read: PayloadReader;
    try {
      read = readPayload(payload, watched.resource.format, type, time);
    } catch (error) {
      this.#failures++;
      const reason = error instanceof PayloadRefused ? `the answer ${error.message}` : 'the answer makes no sense';
      this.#table.refused(watched.points, reason, time);
      return;
    }
    const readings: RawReading[] = [];
    const missing: string[] = [];
    for (const name of watched.points) {
      const found = read(this.#configuration.points[name] ?? {});
      if (found === undefined) missing.push(name);
      else readings.push({ point: name, raw: found.raw, time: found.time ?? time });
    }
    this.#table.read(readings);
    this.#table.refused(missing, 'is not in the answer', time);
  }

  #fail(watched: Watched, reason: string): void {
    if (this.#stopped) return;
    this.#failures++;
    watched.problem = reason;
    watched.silence?.cancel();
    const wait = watched.silentAfterMs - (this.#ports.clock.monotonic() - watched.answeredAt);
    if (wait > 0) watched.silence = this.#ports.clock.after(wait, () => this.#tellSilence(watched));
    else this.#tellSilence(watched);
  }

  #isSilent({ answeredAt, problem, silentAfterMs }: Watched): boolean {
    return problem !== undefined && this.#ports.clock.monotonic() - answeredAt >= silentAfterMs;
  }

  #tellSilence(watched: Watched): void {
    if (this.#stopped || !this.#isSilent(watched)) return;
    this.#table.silent(watched.points, watched.problem ?? 'no answer', this.#ports.clock.now());
  }
}
