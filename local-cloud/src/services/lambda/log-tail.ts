import { LOG_TAIL_BYTES } from './limits.ts';

/** The last 4 KB of an invocation's log, for `LogType: Tail`. */
export class LogTail {
  readonly #lines: string[] = [];
  #bytes = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line);
    while (this.#lines.length > 1 && this.#bytes - Buffer.byteLength(this.#lines[0] as string) >= LOG_TAIL_BYTES) {
      this.#bytes -= Buffer.byteLength(this.#lines.shift() as string);
    }
  }

  text(): string {
    const bytes = Buffer.from(this.#lines.join(''));
    return bytes.subarray(Math.max(0, bytes.length - LOG_TAIL_BYTES)).toString();
  }
}
