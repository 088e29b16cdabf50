import { join } from 'node:path';
import {
  ALL_FIELD_TOPICS,
  ALL_WRITTEN_TOPICS,
  ANOMALY_TOPIC,
  anomalyMessageSchema,
  fieldTopic,
  INFERENCE_TOPIC,
  inferenceMessageSchema,
  writeAnswerSchema,
} from '@fleetwright/contracts';
import type { Component, ComponentHost } from '../../shared/src/component.ts';
import { FollowedShadow } from '../../shared/src/followed-shadow.ts';
import { readFieldMessage } from '../../shared/src/read-field-message.ts';
import { Uploader } from '../../shared/src/uploader.ts';
import type { LocalRulesConfiguration } from './configuration.ts';
import { DecisionDesk } from './decision-desk.ts';
import { type Decision, type Moment, RuleEngine } from './engine/rule-engine.ts';
import { DecisionLog } from './log/decision-log.ts';
import type { Rules } from './rules-schema.ts';
import { RulesStore, readDesired } from './rules-store.ts';

/** Named shadow of the core that holds the rules. */
export const RULES_SHADOW = 'rules';
/** Longest problem that is reported: a shadow has 8 KB for everything. */
const MAX_PROBLEMS = 1_024;

type Host = ComponentHost<LocalRulesConfiguration>;
type Source = 'shadow' | 'configuration';

/**
 * Decides by rules on local messages, and acts.
 *
 * INVARIANT: nothing stands between a message and the commands that it leads to but a line in the log: uploads, the shadow and the
 * cloud are waited for by nobody.
 */
export class LocalRules implements Component<LocalRulesConfiguration> {
  readonly name = 'com.fleetwright.LocalRules';
  readonly #engine = new RuleEngine();
  #host: Host | undefined;
  #uploader: Uploader | undefined;
  #decisions: DecisionLog | undefined;
  #desk: DecisionDesk | undefined;
  #shadow: FollowedShadow | undefined;
  #store: RulesStore | undefined;
  #source: Source = 'configuration';
  #subscriptions: { end(): Promise<void> }[] = [];
  #fieldSubscriptions: { end(): Promise<void> }[] = [];
  #subscribing: Promise<void> = Promise.resolve();
  #desiring: Promise<void> = Promise.resolve();
  #stopFollowing = (): void => {};
  #timer: { cancel(): void } | undefined;
  /** Monotonic time at which the timer fires. */
  #armed = Number.POSITIVE_INFINITY;
  #invalid = 0;

  async start(host: Host): Promise<void> {
    this.#host = host;
    const { clock, configuration, local, log, shadows, workDirectory } = host;
    const uploader = await Uploader.open(host, { durable: true, maxBytes: configuration.current.uploads.maxBytes });
    this.#uploader = uploader;
    this.#decisions = DecisionLog.open({
      directory: join(workDirectory, 'decisions'),
      maxBytes: () => configuration.current.log.maxBytes,
      olderFiles: () => configuration.current.log.olderFiles,
      log,
    });
    this.#desk = new DecisionDesk({
      clock,
      local,
      log,
      decisions: this.#decisions,
      give: (sample, uploadId) => uploader.give('event', 'alarm', [sample], uploadId),
    });
    this.#store = new RulesStore(join(workDirectory, 'rules.json'));
    await this.#useFirst(this.#store, configuration.current.rules);
    this.#desk.resume((point, priority) => this.#engine.forbids(point, priority));
    this.#subscriptions = [
      await local.subscribe(ALL_WRITTEN_TOPICS, (message) => this.#written(message)),
      await local.subscribe(ANOMALY_TOPIC, (message) => this.#anomaly(message)),
      await local.subscribe(INFERENCE_TOPIC, (message) => this.#inference(message)),
    ];
    await this.#listen(configuration.current.sources);
    this.#stopFollowing = configuration.onChange((next) => this.#reconfigured(next));
    this.#shadow = new FollowedShadow({ shadows, clock, log }, RULES_SHADOW, (desired, version) => {
      this.#desiring = this.#desiring.then(() => this.#desired(desired, version));
    });
    await this.#shadow.start();
  }

  async stop(): Promise<void> {
    this.#stopFollowing();
    this.#timer?.cancel();
    await this.#shadow?.stop();
    await this.#subscribing;
    await this.#desiring;
    for (const each of [...this.#subscriptions, ...this.#fieldSubscriptions]) await each.end();
    await this.#desk?.stop();
    await this.#uploader?.close();
    this.#decisions?.close();
    this.#host = undefined;
  }

  /** Messages that were none. */
  get invalid(): number {
    return this.#invalid;
  }

  #field(message: unknown): void {
    const moment = this.#moment();
    const read = readFieldMessage(message);
    if (read === undefined) this.#invalid++;
    else this.#carryOut(this.#engine.values(read.values, moment), moment.now);
  }

  #anomaly(message: unknown): void {
    const moment = this.#moment();
    const read = anomalyMessageSchema.safeParse(message);
    if (read.success) this.#carryOut(this.#engine.anomaly(read.data, moment), moment.now);
    else this.#invalid++;
  }

  #inference(message: unknown): void {
    const moment = this.#moment();
    const read = inferenceMessageSchema.safeParse(message);
    if (read.success) this.#carryOut(this.#engine.verdict(read.data, moment), moment.now);
    else this.#invalid++;
  }

  #written(message: unknown): void {
    const read = writeAnswerSchema.safeParse(message);
    if (read.success) this.#desk?.answered(read.data);
    else this.#invalid++;
  }

  #carryOut(decisions: readonly Decision[], since: number): void {
    this.#desk?.take(decisions, since);
    this.#arm();
  }

  /** Looks at what became due by time, counted from when it was due. */
  #look(due: number): void {
    this.#armed = Number.POSITIVE_INFINITY;
    const moment = this.#moment();
    this.#carryOut(this.#engine.look(moment), Math.min(due, moment.now));
  }

  #arm(): void {
    const due = this.#engine.deadline;
    if (this.#host === undefined || due >= this.#armed) return;
    this.#timer?.cancel();
    this.#armed = due;
    const { clock } = this.#host;
    // A timer may fire a little early, and would then be set again for no time at all.
    this.#timer = clock.after(Math.max(1, Math.ceil(due - clock.monotonic())), () => this.#look(due));
  }

  async #useFirst(store: RulesStore, configured: Rules): Promise<void> {
    let kept: Awaited<ReturnType<RulesStore['read']>>;
    try {
      kept = await store.read();
    } catch (error) {
      this.#host?.log.error('the rules on disk are not readable; those of the configuration are used', {
        reason: String(error),
      });
    }
    this.#use(kept?.rules ?? configured, kept === undefined ? 'configuration' : 'shadow');
  }

  #use(rules: Rules, source: Source): void {
    const { log } = this.#host ?? {};
    this.#source = source;
    const moment = this.#moment();
    const ended = this.#engine.set(rules, moment, this.#decisions?.kept);
    this.#desk?.take(ended, moment.now);
    this.#decisions?.retain(new Set(Object.keys(rules)));
    log?.info('rules are in force', { source, rules: Object.keys(rules).length });
    this.#look(moment.now);
  }

  async #desired(desired: object, version: number | undefined): Promise<void> {
    const { configuration, log } = this.#host ?? {};
    if (configuration === undefined) return;
    const answer = readDesired(desired);
    try {
      if (answer.kind === 'rules') {
        // On disk first: what is reported as in force is in force after a restart too.
        await this.#store?.write(answer.given, version);
        this.#use(answer.rules, 'shadow');
      } else if (answer.kind === 'none') {
        await this.#store?.remove();
        if (this.#source === 'shadow') this.#use(configuration.current.rules, 'configuration');
      }
    } catch (error) {
      log?.error('the rules of the shadow cannot be kept, those before stay', { reason: String(error) });
      this.#report(version, 'refused', `cannot be kept: ${String(error)}`);
      return;
    }
    if (answer.kind === 'refused') {
      log?.error('the rules of the shadow are refused, those before stay', { problems: answer.problems });
      this.#report(version, 'refused', answer.problems);
    } else this.#report(version, 'active', null);
  }

  #report(version: number | undefined, state: 'active' | 'refused', problems: string | null): void {
    this.#shadow?.report({
      version: version ?? null,
      state,
      source: this.#source,
      count: this.#engine.size,
      problems: problems?.slice(0, MAX_PROBLEMS) ?? null,
    });
  }

  #reconfigured({ rules, sources }: LocalRulesConfiguration): void {
    if (this.#source === 'configuration') this.#use(rules, 'configuration');
    this.#subscribing = this.#subscribing
      .then(() => this.#listen(sources))
      .catch((error) => this.#host?.log.error('sources cannot be listened to', { reason: String(error) }));
  }

  /** The new ones first: nothing is missed between. */
  async #listen(sources: readonly string[] | undefined): Promise<void> {
    const { local } = this.#host ?? {};
    if (local === undefined) return;
    const before = this.#fieldSubscriptions;
    const filters = sources?.map(fieldTopic) ?? [ALL_FIELD_TOPICS];
    const after: { end(): Promise<void> }[] = [];
    for (const filter of filters) after.push(await local.subscribe(filter, (message) => this.#field(message)));
    this.#fieldSubscriptions = after;
    for (const each of before) await each.end();
  }

  #moment(): Moment {
    const clock = this.#host?.clock;
    return { wall: clock?.now() ?? 0, now: clock?.monotonic() ?? 0 };
  }
}
