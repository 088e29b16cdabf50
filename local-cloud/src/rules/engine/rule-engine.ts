import { AwsError, messageOf } from '../../core/errors.ts';
import type { MqttMessage, RuleIngress } from '../../core/mqtt.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { ActionWork } from '../actions/action-work.ts';
import { splitBasicIngest } from '../basic-ingest.ts';
import { Evaluation } from '../evaluation.ts';
import type { ExternalServices } from '../external/external-call.ts';
import { ExternalCalls } from '../external/external-calls.ts';
import type { CompiledRule } from './compiled-rule.ts';
import { Gate, type GateLimits } from './gate.ts';
import { MessageInput } from './message-input.ts';
import { PendingLog, type PendingMessage, pendingMessage } from './pending-log.ts';
import type { RuleDirectory } from './rule-directory.ts';
import { RuleLogs } from './rule-logs.ts';
import { RuleMetrics } from './rule-metrics.ts';
import { type ActionRunner, Interrupted, runActions } from './run-actions.ts';
import { TraceIds } from './trace-ids.ts';

export const DEFAULT_GATE_LIMITS: GateLimits = { messages: 10_000, bytes: 64 * 1024 * 1024 };
/** Messages whose actions run at once. */
const MAX_RUNNING = 512;
/** Messages of an earlier run taken up at a time. */
const RESUME_PAGE = 500;
/** Services' own messages never wait (a republish would wait for itself); this many times the limit ends them. */
const SERVICE_OVERLOAD = 4;

interface Job {
  readonly rule: CompiledRule;
  readonly input: MessageInput;
  /** Undefined for a rule that asks services: it is evaluated when its turn comes. */
  readonly work: ActionWork | undefined;
}

/** A message whose rules have been evaluated. */
interface Ticket {
  /** Id in the log; undefined for QoS 0, which is not kept. */
  readonly id: number | undefined;
  readonly jobs: readonly Job[];
  /** Size of the payload. */
  readonly bytes: number;
}

type EngineContext = Pick<CloudContext, 'account' | 'clock' | 'entropy' | 'log' | 'meter' | 'ports' | 'store'>;

/**
 * Takes messages from the broker, evaluates the rules they reach and sees their actions through.
 *
 * INVARIANTS
 * - `accept` of a QoS 1 message resolves after its record is on disk, and no action runs before that.
 * - The record goes when every action, or its error action, has succeeded or failed for good; a restart begins the
 *   others anew, so actions run at least once.
 */
export class RuleEngine implements RuleIngress {
  readonly #context: EngineContext;
  readonly #rules: RuleDirectory;
  readonly #pending: PendingLog;
  readonly #gate: Gate;
  readonly #limits: GateLimits;
  readonly #traceIds: TraceIds;
  readonly #stop = new AbortController();
  readonly #runner: ActionRunner;
  readonly #metrics: RuleMetrics;
  readonly #logs: RuleLogs;
  readonly #queue: (Ticket | undefined)[] = [];
  #queueStart = 0;
  #running = 0;
  #idle: (() => void) | undefined;
  /** First id of this run; older ones are an earlier run's. */
  #firstId = Number.POSITIVE_INFINITY;

  constructor(context: EngineContext, rules: RuleDirectory, limits: GateLimits = DEFAULT_GATE_LIMITS) {
    this.#context = context;
    this.#rules = rules;
    this.#limits = limits;
    this.#gate = new Gate(limits);
    this.#pending = new PendingLog(context.store);
    this.#traceIds = new TraceIds(context.entropy);
    const { clock, log, meter } = context;
    this.#metrics = new RuleMetrics(context.ports);
    this.#logs = new RuleLogs(context.ports);
    this.#runner = { clock, log, meter, metrics: this.#metrics, logs: this.#logs, stopping: this.#stop.signal };
  }

  async accept(message: MqttMessage): Promise<void> {
    const rules = this.#rules.matching(message.topic);
    if (rules.length === 0) return this.#reportUnknownRule(message);
    if (this.#stop.signal.aborted) throw new Interrupted('the rules engine has stopped');
    const bytes = message.payload.length;
    const turn = this.#admit(message);
    if (turn !== undefined) await turn;

    const timestamp = this.#context.clock.now();
    const kept = pendingMessage(message, [], timestamp, undefined);
    const input = this.#input(kept);
    const jobs = this.#evaluate(rules, input, message.topic);
    if (jobs.length === 0) return this.#gate.leave(bytes);
    if (message.qos === 0) return this.#enqueue({ id: undefined, jobs, bytes });

    const ruleNames = jobs.map(({ rule }) => rule.definition.ruleName);
    const { id, durable } = this.#pending.append({ ...kept, ruleNames, traceId: input.knownTrace });
    if (id < this.#firstId) this.#firstId = id;
    try {
      await durable;
    } catch (error) {
      this.#gate.leave(bytes);
      throw error;
    }
    this.#enqueue({ id, jobs, bytes });
  }

  /** Takes up what an earlier run left, in the background. */
  resume(): void {
    void this.#resume().catch((error) => {
      if (!(error instanceof Interrupted))
        this.#context.log('error', 'resuming rules failed', { reason: messageOf(error) });
    });
  }

  /** Resolves when no action is running any more; what is not done stays on disk. */
  async stop(): Promise<void> {
    this.#stop.abort();
    while (this.#running > 0) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
  }

  async #resume(): Promise<void> {
    for (let from = 0; ; ) {
      const page = this.#pending.page(from, RESUME_PAGE).filter(([id]) => id < this.#firstId);
      if (page.length === 0) return;
      for (const [id, message] of page) {
        from = id + 1;
        await this.#gate.enter(message.payload.length);
        if (this.#stop.signal.aborted) return;
        this.#resumeOne(id, message);
      }
    }
  }

  #resumeOne(id: number, message: PendingMessage): void {
    const { topic, payload } = message;
    const rules = message.ruleNames.flatMap((name) => {
      const rule = this.#rules.get(name);
      if (rule === undefined) this.#context.log('warn', 'rule of a kept message is gone', { rule: name, topic });
      return rule === undefined ? [] : [rule];
    });
    const jobs = this.#evaluate(rules, this.#input(message), topic);
    if (jobs.length > 0) {
      this.#enqueue({ id, jobs, bytes: payload.length });
      return;
    }
    this.#pending.remove(id);
    this.#gate.leave(payload.length);
  }

  #admit(message: MqttMessage): Promise<void> | undefined {
    const bytes = message.payload.length;
    if (message.publisher !== undefined) return this.#gate.enter(bytes);
    if (this.#gate.messages >= SERVICE_OVERLOAD * this.#limits.messages) {
      throw new AwsError('ThrottlingException', 'the rules engine is overloaded by republished messages', 429);
    }
    this.#gate.force(bytes);
    return undefined;
  }

  #evaluate(rules: readonly CompiledRule[], input: MessageInput, topic: string): Job[] {
    const evaluation = new Evaluation(input);
    const jobs: Job[] = [];
    for (const rule of rules) {
      this.#context.meter.count('rules.matched');
      this.#metrics.matched(rule);
      this.#logs.matched(rule, input);
      if (rule.services !== undefined) {
        jobs.push({ rule, input, work: undefined });
        continue;
      }
      try {
        evaluation.variables = [];
        rule.statement.begin(evaluation);
        if (!rule.statement.passes(evaluation)) continue;
        jobs.push({ rule, input, work: ActionWork.select(rule.statement, evaluation, rule.textOnly) });
      } catch (error) {
        this.#reportFailure(rule, input, topic, error);
      }
    }
    return jobs;
  }

  #reportFailure(rule: CompiledRule, input: MessageInput, topic: string, error: unknown): void {
    const fields = { rule: rule.definition.ruleName, topic, reason: messageOf(error) };
    this.#context.log('error', 'rule could not be evaluated', fields);
    this.#logs.notEvaluated(rule, input, fields.reason);
  }

  /** Output of a rule that asks services; Undefined when WHERE is not true or an answer failed, which the log tells. */
  async #evaluateAsking(
    rule: CompiledRule,
    services: ExternalServices,
    input: MessageInput,
  ): Promise<ActionWork | undefined> {
    const { statement } = rule;
    const externals = new ExternalCalls(services, input.entropy);
    const evaluation = new Evaluation(input, externals);
    try {
      return await externals.settle(statement, () => {
        evaluation.variables = [];
        statement.begin(evaluation);
        return statement.passes(evaluation) ? ActionWork.select(statement, evaluation, rule.textOnly) : undefined;
      });
    } catch (error) {
      this.#reportFailure(rule, input, input.publishedTopic, error);
      return undefined;
    }
  }

  #input(message: PendingMessage): MessageInput {
    return new MessageInput(message, this.#context.account, this.#context.entropy, this.#traceIds);
  }

  #reportUnknownRule({ topic, publisher }: MqttMessage): void {
    const ingest = splitBasicIngest(topic);
    if (ingest === undefined) return;
    // "an inactive rule or a rule that doesn't exist": RuleNotFound ("Rules engine log entries")
    this.#context.log('error', 'RuleNotFound', { rule: ingest.ruleName, topic });
    this.#metrics.notFound(ingest.ruleName);
    this.#logs.notFound(ingest.ruleName, topic, publisher);
  }

  #enqueue(ticket: Ticket): void {
    if (this.#running >= MAX_RUNNING) this.#queue.push(ticket);
    else void this.#run(ticket);
  }

  #dequeue(): Ticket | undefined {
    const ticket = this.#queue[this.#queueStart];
    if (ticket === undefined) return undefined;
    this.#queue[this.#queueStart++] = undefined;
    if (this.#queueStart > 1024 && this.#queueStart * 2 > this.#queue.length) {
      this.#queue.splice(0, this.#queueStart);
      this.#queueStart = 0;
    }
    return ticket;
  }

  async #run(first: Ticket): Promise<void> {
    this.#running++;
    for (let ticket: Ticket | undefined = first; ticket !== undefined; ticket = this.#dequeue()) {
      if (this.#stop.signal.aborted) break;
      if ((await this.#complete(ticket)) && ticket.id !== undefined) this.#pending.remove(ticket.id);
      this.#gate.leave(ticket.bytes);
    }
    this.#running--;
    if (this.#running === 0) this.#idle?.();
  }

  async #runAsking(rule: CompiledRule, input: MessageInput): Promise<void> {
    if (rule.services === undefined) return;
    const work = await this.#evaluateAsking(rule, rule.services, input);
    if (work !== undefined) await runActions(rule, work, input, this.#runner);
  }

  /** False when the engine stopped before the end. Most messages reach one rule. */
  async #complete({ jobs }: Ticket): Promise<boolean> {
    if (jobs.length === 1) return this.#finish(jobs[0] as Job);
    const finished = await Promise.all(jobs.map((job) => this.#finish(job)));
    return finished.every((done) => done);
  }

  /** Never rejects. */
  async #finish({ input, rule, work }: Job): Promise<boolean> {
    try {
      await (work === undefined ? this.#runAsking(rule, input) : runActions(rule, work, input, this.#runner));
    } catch (error) {
      if (error instanceof Interrupted) return false;
      this.#context.log('error', 'rule run failed', { reason: messageOf(error) });
    }
    return true;
  }
}
