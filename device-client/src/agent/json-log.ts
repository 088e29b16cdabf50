import type { DeviceLog } from '../feature.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Names of fields whose values nobody is to read. */
const SECRET_FIELD = /^(pin|password|secret|privateKey.*|.*[tT]oken|authorization|csr(Pem)?)$/;
const PRIVATE_KEY = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;
/** What a presigned URL is signed with (AWS Signature Version 4). */
const URL_SIGNATURE = /([?&]X-Amz-(?:Signature|Credential|Security-Token)=)[^&\s"]+/gi;
const WITHHELD = '[withheld]';

export interface JsonLogOptions {
  readonly level: LogLevel;
  readonly now: () => number;
  /** Takes a line with its end. */
  readonly write: (line: string) => void;
}

/**
 * The agent's log: one JSON object a line, `time` (ISO 8601), `level`, `message`, and what belongs to it.
 *
 * INVARIANT: no private key, PIN, token or signature of a URL is in a line, whoever hands it over.
 */
export class JsonLog implements DeviceLog {
  readonly #options: JsonLogOptions;
  #least: number;
  #temporary: number | undefined;
  #errors = 0;
  #lastError: { readonly time: number; readonly message: string } | undefined;

  constructor(options: JsonLogOptions) {
    this.#options = options;
    this.#least = LOG_LEVELS.indexOf(options.level);
  }

  get lastError(): { readonly time: number; readonly message: string } | undefined {
    return this.#lastError;
  }

  /** Lines of level `error` since the start. */
  get errors(): number {
    return this.#errors;
  }

  setLevel(level: LogLevel): void {
    this.#least = LOG_LEVELS.indexOf(level);
  }

  /** For a time, whatever {@link setLevel} says; undefined ends it. */
  setTemporaryLevel(level: LogLevel | undefined): void {
    this.#temporary = level === undefined ? undefined : LOG_LEVELS.indexOf(level);
  }

  debug(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#line('debug', message, fields);
  }

  info(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#line('info', message, fields);
  }

  warn(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#line('warn', message, fields);
  }

  error(message: string, fields?: Readonly<Record<string, unknown>>): void {
    this.#line('error', message, fields);
  }

  #line(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> | undefined): void {
    if (LOG_LEVELS.indexOf(level) < (this.#temporary ?? this.#least)) return;
    const time = this.#options.now();
    const line = JSON.stringify({ time: new Date(time).toISOString(), level, message, ...fields }, withhold);
    if (level === 'error') {
      this.#errors++;
      const reason = fields?.reason;
      this.#lastError = { time, message: scrub(typeof reason === 'string' ? `${message}: ${reason}` : message) };
    }
    this.#options.write(`${line}\n`);
  }
}

function withhold(name: string, value: unknown): unknown {
  if (SECRET_FIELD.test(name) && value !== undefined && value !== null) return WITHHELD;
  if (value instanceof Error) return scrub(value.message);
  return typeof value === 'string' ? scrub(value) : value;
}

function scrub(text: string): string {
  return PRIVATE_KEY.test(text) ? WITHHELD : text.replace(URL_SIGNATURE, `$1${WITHHELD}`);
}
