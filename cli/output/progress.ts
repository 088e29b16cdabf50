/** Steps of a long command, as they happen. Goes to standard error, so that results stay alone on standard output. */
export interface Progress {
  step(text: string): void;
  done(text: string): void;
  note(text: string): void;
  /** A line that the next one overwrites on a terminal; elsewhere printed at most every few seconds. */
  live(text: string): void;
}

const LIVE_INTERVAL = 5_000;

export function createProgress(stream: NodeJS.WriteStream, quiet: boolean): Progress {
  const started = performance.now();
  const terminal = stream.isTTY === true;
  let liveShown = false;
  let lastLive = Number.NEGATIVE_INFINITY;
  const print = (mark: string, text: string): void => {
    if (quiet) return;
    if (liveShown) stream.write('\r\x1b[2K');
    liveShown = false;
    const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
    stream.write(`${seconds} s  ${mark} ${text}\n`);
  };
  return {
    step: (text) => print('·', text),
    done: (text) => print('✓', text),
    note: (text) => print(' ', text),
    live(text) {
      if (quiet) return;
      if (terminal) {
        stream.write(`\r\x1b[2K  ${text}`.slice(0, Math.max(20, stream.columns ?? 80) + 5));
        liveShown = true;
      } else if (performance.now() - lastLive >= LIVE_INTERVAL) {
        lastLive = performance.now();
        print(' ', text);
      }
    },
  };
}
