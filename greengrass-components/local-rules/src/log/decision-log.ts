import * as fs from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { ComponentLog } from '../../../shared/src/component.ts';
import type { KeptRule } from '../engine/rule-engine.ts';
import { keptOf, type LoggedDecision, loggedDecisionSchema } from './logged-decision.ts';

/** What is not finished about a decision. */
export interface OpenDecision {
  readonly decision: LoggedDecision;
  /** µs; undefined until its commands have gone out. */
  latency?: number | undefined;
  isUploaded: boolean;
  /** Points whose writes have no outcome yet. */
  readonly pending: Set<string>;
}

export type Outcome = 'written' | 'expired' | 'superseded' | 'forbidden';

const lineSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('state'),
    next: z.number(),
    /** Last decision of each rule. */
    rules: z.array(loggedDecisionSchema),
    open: z.array(
      z.object({
        decision: loggedDecisionSchema,
        latency: z.number().optional(),
        isUploaded: z.boolean(),
        pending: z.array(z.string()),
      }),
    ),
  }),
  z.object({ kind: z.literal('decision'), decision: loggedDecisionSchema }),
  z.object({ kind: z.literal('latency'), number: z.number(), latency: z.number() }),
  z.object({
    kind: z.literal('write'),
    number: z.number(),
    point: z.string(),
    outcome: z.enum(['written', 'expired', 'superseded', 'forbidden']),
    time: z.number(),
    detail: z.string().optional(),
  }),
  z.object({ kind: z.literal('uploaded'), number: z.number() }),
]);

type Line = z.infer<typeof lineSchema>;

export interface DecisionLogOptions {
  readonly directory: string;
  /** bytes of a file */
  readonly maxBytes: () => number;
  /** Files besides the current one. */
  readonly olderFiles: () => number;
  readonly log: ComponentLog;
}

const FILE = 'decisions.log';
/** Decisions that are not finished and are remembered; of more, the oldest are given up. */
const MAX_OPEN = 10_000;

/**
 * Decisions in a file, a line of JSON each, and what became of them.
 *
 * INVARIANTS
 * - A line is handed to the operating system before {@link decide} returns: it survives the process. It is brought to disk right
 *   after, out of the way of the commands: a power cut may take the last moments.
 * - Each file begins with all that is not finished, so that older ones are history alone.
 * - A disk that refuses never keeps a decision from being carried out; it is logged and counted.
 */
export class DecisionLog {
  readonly #options: DecisionLogOptions;
  readonly #rules = new Map<string, LoggedDecision>();
  readonly #open = new Map<number, OpenDecision>();
  #next = 1;
  #file: number | undefined;
  #size = 0;
  #syncing = false;
  #toSync = false;
  #failures = 0;
  /** The current file is what was read. */
  #canGoOn = false;

  private constructor(options: DecisionLogOptions) {
    this.#options = options;
  }

  static open(options: DecisionLogOptions): DecisionLog {
    const log = new DecisionLog(options);
    fs.mkdirSync(options.directory, { recursive: true, mode: 0o700 });
    log.#read();
    if (!log.#goOn()) log.#begin();
    return log;
  }

  /** Lines that the disk refused. */
  get failures(): number {
    return this.#failures;
  }

  /** By rule, what came of its last decision. */
  get kept(): ReadonlyMap<string, KeptRule> {
    return new Map([...this.#rules].map(([rule, decision]) => [rule, keptOf(decision)]));
  }

  /** Number of the last decision of a rule. */
  latestOf(rule: string): number | undefined {
    return this.#rules.get(rule)?.number;
  }

  get open(): ReadonlyMap<number, OpenDecision> {
    return this.#open;
  }

  nextNumber(): number {
    return this.#next++;
  }

  decide(decisions: readonly LoggedDecision[]): void {
    this.#append(decisions.map((decision) => ({ kind: 'decision', decision })));
  }

  latency(number: number, latency: number): void {
    this.#append([{ kind: 'latency', number, latency }]);
  }

  outcome(number: number, point: string, outcome: Outcome, time: number, detail?: string): void {
    this.#append([{ kind: 'write', number, point, outcome, time, ...(detail !== undefined && { detail }) }]);
  }

  uploaded(number: number): void {
    this.#append([{ kind: 'uploaded', number }]);
  }

  /** Forgets rules that are no more. */
  retain(rules: ReadonlySet<string>): void {
    for (const [rule, { state }] of this.#rules) if (!rules.has(rule) && state === 'ended') this.#rules.delete(rule);
  }

  close(): void {
    if (this.#file !== undefined) fs.closeSync(this.#file);
    this.#file = undefined;
  }

  #append(lines: readonly Line[]): void {
    for (const line of lines) this.#apply(line);
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    try {
      if (this.#file === undefined) throw new Error('the log is closed');
      fs.writeSync(this.#file, text);
      this.#size += text.length;
      this.#sync(this.#file);
      if (this.#size > this.#options.maxBytes()) this.#begin();
    } catch (error) {
      this.#failed(error);
    }
  }

  #apply(line: Line): void {
    if (line.kind === 'state') {
      this.#next = line.next;
      for (const decision of line.rules) this.#rules.set(decision.rule, decision);
      for (const { pending, ...open } of line.open) {
        this.#open.set(open.decision.number, { ...open, pending: new Set(pending) });
      }
      return;
    }
    if (line.kind === 'decision') {
      const { decision } = line;
      this.#next = Math.max(this.#next, decision.number + 1);
      this.#rules.set(decision.rule, decision);
      const pending = new Set(decision.writes.map(({ point, source }) => `${source}/${point}`));
      this.#open.set(decision.number, { decision, isUploaded: false, pending });
      const [oldest] = this.#open.keys();
      if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
      return;
    }
    const open = this.#open.get(line.number);
    if (open === undefined) return;
    if (line.kind === 'latency') open.latency = line.latency;
    else if (line.kind === 'uploaded') open.isUploaded = true;
    else open.pending.delete(line.point);
    if (open.isUploaded && open.pending.size === 0) this.#open.delete(line.number);
  }

  /** What a kill left between two steps of beginning a file is read too. */
  #read(): void {
    const { directory, log } = this.#options;
    const places = [FILE, `${FILE}.new`, 'decisions.1.log'].map((each) => join(directory, each));
    const texts = places.filter((place) => fs.existsSync(place)).map((place) => fs.readFileSync(place, 'utf8'));
    const whole = texts.find((text) => readLine(text.split('\n', 1)[0] ?? '')?.kind === 'state');
    if (whole === undefined) {
      if (texts.length > 0) log.error('the log of decisions is not readable; rules begin as if they had never begun');
      return;
    }
    this.#canGoOn = fs.existsSync(join(directory, FILE)) && whole === texts[0];
    const lines = whole.split('\n');
    let unreadable = 0;
    for (const text of lines) {
      const line = text === '' ? undefined : readLine(text);
      if (line !== undefined) this.#apply(line);
      else if (text !== '') unreadable++;
    }
    // The last one may have been cut off by a kill.
    if (unreadable > 0) log.warn('lines of the log of decisions are not readable', { lines: unreadable });
  }

  /** @returns whether there is a file that has room */
  #goOn(): boolean {
    const path = join(this.#options.directory, FILE);
    if (!this.#canGoOn || fs.statSync(path).size > this.#options.maxBytes()) return false;
    try {
      this.#file = fs.openSync(path, 'a', 0o600);
      // Whatever a kill cut off ends here.
      this.#size = fs.statSync(path).size + fs.writeSync(this.#file, '\n');
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    }
  }

  /** Begins a file with what is not finished; the current one becomes history. */
  #begin(): void {
    const { directory } = this.#options;
    const state: Line = {
      kind: 'state',
      next: this.#next,
      rules: [...this.#rules.values()],
      open: [...this.#open.values()].map((open) => ({ ...open, pending: [...open.pending] })),
    };
    const text = `${JSON.stringify(state)}\n`;
    try {
      const file = fs.openSync(join(directory, `${FILE}.new`), 'w', 0o600);
      fs.writeSync(file, text);
      fs.fsyncSync(file);
      this.#shift();
      fs.renameSync(join(directory, `${FILE}.new`), join(directory, FILE));
      this.close();
      this.#file = file;
      this.#size = text.length;
    } catch (error) {
      this.#failed(error);
    }
  }

  #shift(): void {
    const { directory, olderFiles } = this.#options;
    const place = (index: number): string => join(directory, index === 0 ? FILE : `decisions.${index}.log`);
    const most = olderFiles();
    for (const name of fs.readdirSync(directory)) {
      const index = Number(/^decisions\.(\d+)\.log$/.exec(name)?.[1] ?? 0);
      if (index >= most && index > 0) fs.rmSync(join(directory, name), { force: true });
    }
    for (let index = most - 1; index >= 0; index--) {
      if (fs.existsSync(place(index))) fs.renameSync(place(index), place(index + 1));
    }
  }

  #sync(file: number): void {
    this.#toSync = true;
    if (this.#syncing) return;
    this.#syncing = true;
    this.#toSync = false;
    fs.fdatasync(file, () => {
      this.#syncing = false;
      if (this.#toSync && this.#file !== undefined) this.#sync(this.#file);
    });
  }

  #failed(error: unknown): void {
    this.#failures++;
    this.#options.log.error('the log of decisions cannot be written', { reason: String(error) });
  }
}

function readLine(text: string): Line | undefined {
  try {
    return lineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
