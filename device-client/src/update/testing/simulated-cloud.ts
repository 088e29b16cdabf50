import type { UpdateDocument } from '@fleetwright/contracts';
import type { JobResult } from '../../jobs/job-handler.ts';
import type { Http } from '../download/http.ts';
import type { StoppingMachine } from './stopping-machine.ts';

/** What the servers of a simulated update do wrong. */
export interface CloudFaults {
  /** Pieces of bodies after which the URLs that were handed out so far are refused. */
  readonly expireAfter?: number;
  /** Pieces after which a connection breaks off, once. */
  readonly breakAfter?: number;
  /** Pieces after which the job is cancelled. */
  readonly cancelAfter?: number;
  /** Changes what is served under a name. */
  readonly corrupt?: (name: string, bytes: Buffer) => Buffer;
}

const PIECE = 1_500;

/** The same is said again, but with another signature: what was signed first was not on disk. */
export const SIGNED_AGAIN = 'told the same with another proof';

function withoutProof(told: string): string {
  return told.replace(/"proof","[^"]*"/, '');
}

/** One job, its files behind URLs that expire, and what the device has told of it. It outlives the device's crashes. */
export class SimulatedCloud {
  readonly #files: ReadonlyMap<string, Buffer>;
  readonly #document: (token: string) => UpdateDocument;
  readonly #faults: CloudFaults;
  readonly violations: string[] = [];
  #token = 0;
  #pieces = 0;
  #broken = false;
  final: string | undefined;
  cancelled = false;
  readonly #cancel = new AbortController();

  constructor(
    files: ReadonlyMap<string, Buffer>,
    document: (token: string) => UpdateDocument,
    faults: CloudFaults = {},
  ) {
    this.#files = files;
    this.#document = document;
    this.#faults = faults;
  }

  /** What listens to the cancellation of the job. */
  get cancellation(): AbortSignal {
    return this.#cancel.signal;
  }

  /** The document with URLs that are good now. */
  describe(): UpdateDocument {
    const { expireAfter } = this.#faults;
    if (expireAfter !== undefined && this.#pieces >= expireAfter) this.#token = 1;
    return this.#document(String(this.#token));
  }

  /** As UpdateJobExecution: a final status is taken once; the same again is no news, another is a lie. */
  update(result: Exclude<JobResult, { status: 'resume' }>): void {
    if (this.cancelled) return;
    const told = JSON.stringify([result.status, Object.entries(result.details ?? {}).sort()]);
    if (this.final !== undefined && this.final !== told) {
      const isSame = withoutProof(this.final) === withoutProof(told);
      this.violations.push(isSame ? SIGNED_AGAIN : `told ${told} after ${this.final}`);
    }
    this.final ??= told;
  }

  http(machine: StoppingMachine): Http {
    return {
      get: (url, range, signal) =>
        machine.call(() => {
          const { pathname, searchParams } = new URL(url);
          const name = pathname.slice(1);
          const { corrupt = (_name, bytes) => bytes, expireAfter = Number.POSITIVE_INFINITY } = this.#faults;
          const found = this.#files.get(name);
          const isGood = searchParams.get('token') === (this.#pieces >= expireAfter ? '1' : '0');
          if (found === undefined || !isGood) return { status: 403, headers: {}, body: none() };
          const file = corrupt(name, Buffer.from(found));
          const from = range?.from ?? 0;
          if (range === undefined) return { status: 200, headers: {}, body: this.#body(file, machine, signal) };
          if (from >= file.length) return { status: 416, headers: {}, body: none() };
          const to = Math.min(range.to, file.length);
          const headers = { 'content-range': `bytes ${from}-${to - 1}/${file.length}` };
          return { status: 206, headers, body: this.#body(file.subarray(from, to), machine, signal) };
        }),
    };
  }

  async *#body(bytes: Buffer, machine: StoppingMachine, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const { breakAfter, cancelAfter } = this.#faults;
    for (let at = 0; at < bytes.length; at += PIECE) {
      await machine.call(() => {});
      if (signal.aborted) throw new Error('aborted');
      this.#pieces++;
      if (breakAfter !== undefined && this.#pieces > breakAfter && !this.#broken) {
        this.#broken = true;
        throw new Error('ECONNRESET');
      }
      if (cancelAfter !== undefined && this.#pieces > cancelAfter && !this.cancelled) {
        this.cancelled = true;
        this.#cancel.abort();
      }
      yield bytes.subarray(at, at + PIECE);
    }
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}
