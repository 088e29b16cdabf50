import type { QueueOptions } from '../options.ts';
import type { ProcessPort } from '../process-port.ts';
import { type DurableQueue, open } from '../queue.ts';
import type { QueueReport } from '../report.ts';
import { FakeFileSystem } from './fake-file-system.ts';
import { ManualClock } from './manual-clock.ts';

export const DIRECTORY = '/queue';

/** Repeatable draws (mulberry32). */
export function seededDraw(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Of the event loop, while a queue is being opened. */
const MOST_TURNS = 1_000;

let processes = 0;

/** A process of its own; others that a test has made are dead, unless they are listed. */
export function testProcess(alive: readonly string[] = []): ProcessPort {
  const self = `${++processes} test boot`;
  return { self, isAlive: (name) => alive.includes(name) };
}

export interface TestQueue {
  readonly queue: DurableQueue;
  readonly fileSystem: FakeFileSystem;
  readonly clock: ManualClock;
  readonly reports: QueueReport[];
}

/** A queue on a disk in memory, with segments of 512 bytes. */
export async function openTestQueue(
  options: Partial<QueueOptions> & { readonly fileSystem?: FakeFileSystem; readonly clock?: ManualClock } = {},
): Promise<TestQueue> {
  const { clock = new ManualClock(), fileSystem = new FakeFileSystem() } = options;
  const reports: QueueReport[] = [];
  const draw = seededDraw(++processes);
  const opening = open({
    directory: DIRECTORY,
    segmentBytes: 512,
    acknowledgeInterval: 0,
    maxBytes: 1024 * 1024,
    process: testProcess(),
    onReport: (report) => void reports.push(report),
    random: () => Math.floor(draw() * 2 ** 32),
    ...options,
    clock,
    fileSystem,
  });
  // A lock that says nothing is given a moment.
  let isOpen = false;
  const settled = (): void => {
    isOpen = true;
  };
  opening.then(settled, settled);
  void (async () => {
    for (let turn = 0; turn < MOST_TURNS && !isOpen; turn++) {
      await new Promise((resolve) => setImmediate(resolve));
      clock.advance(isOpen ? 0 : 1);
    }
  })();
  const queue = await opening;
  return { queue, fileSystem, clock, reports };
}

/** Takes and acknowledges everything; answers texts in the order of delivery, with `*` where marked as a possible duplicate. */
export async function drain(queue: DurableQueue, max = 10): Promise<string[]> {
  const texts: string[] = [];
  for (;;) {
    const batch = await queue.take(max, 1_000_000);
    if (batch === undefined) return texts;
    texts.push(...batch.items.map(({ bytes, possibleDuplicate }) => `${bytes}${possibleDuplicate ? '*' : ''}`));
    await queue.ack(batch);
  }
}
