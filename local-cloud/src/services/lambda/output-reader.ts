import { StringDecoder } from 'node:string_decoder';

/** Longest line handed on; CloudWatch Logs takes events of up to 1 MiB less overhead. */
const MAX_LINE_CHARACTERS = 250_000;

/**
 * Splits a process's output into lines and tells when the output of an invocation has passed: its end is a line of
 * the secret mark and the request id.
 */
export class OutputReader {
  readonly #mark: string;
  readonly #line: (text: string) => void;
  readonly #end: (requestId: string) => void;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(mark: string, line: (text: string) => void, end: (requestId: string) => void) {
    this.#mark = mark;
    this.#line = line;
    this.#end = end;
  }

  push(chunk: Buffer): void {
    let text = this.#rest + this.#decoder.write(chunk);
    let newline = text.indexOf('\n');
    let start = 0;
    while (newline !== -1) {
      this.#take(text.slice(start, newline));
      start = newline + 1;
      newline = text.indexOf('\n', start);
    }
    text = text.slice(start);
    for (; text.length > MAX_LINE_CHARACTERS; text = text.slice(MAX_LINE_CHARACTERS)) {
      this.#take(text.slice(0, MAX_LINE_CHARACTERS));
    }
    this.#rest = text;
  }

  /** The process has ended: what lacks a newline is a line all the same. */
  close(): void {
    const text = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (text !== '') this.#take(text);
  }

  #take(line: string): void {
    const at = line.indexOf(this.#mark);
    if (at === -1) {
      // The runtime joins the lines of one console message with carriage returns.
      if (line !== '') this.#line(line.replaceAll('\r', '\n'));
      return;
    }
    // What the function wrote last, without a newline, stands before the mark.
    if (at > 0) this.#line(line.slice(0, at));
    this.#end(line.slice(at + this.#mark.length + 1));
  }
}
