import { arn } from '../../core/account.ts';
import type { AwsEvents, AwsServiceEvent } from '../../core/aws-events.ts';
import type { Timer } from '../../core/clock.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { nextRun, parseSchedule } from '../../core/schedule/schedule-expression.ts';
import type { Collection } from '../../core/store.ts';
import { Deliveries } from './deliveries.ts';
import { notFound } from './errors.ts';
import { compilePattern, type EventPattern } from './event-pattern.ts';
import type { BusRecord, RuleRecord } from './records.ts';

export const DEFAULT_BUS = 'default';
/** Longest wait of a timer; longer ones are taken in steps. ms */
const MAX_TIMER_MS = 86_400_000;

/** Event buses, their rules, and what brings events to targets. */
export class EventBridge implements AwsEvents {
  readonly context: CloudContext;
  readonly deliveries: Deliveries;
  readonly #buses: Collection<BusRecord>;
  readonly #rules: Collection<RuleRecord>;
  readonly #patterns = new Map<string, EventPattern>();
  readonly #timers = new Map<string, Timer>();
  #running = false;

  constructor(context: CloudContext) {
    this.context = context;
    this.deliveries = new Deliveries(context);
    this.#buses = context.store.collection('events/buses');
    this.#rules = context.store.collection('events/rules');
    for (const [key, { pattern }] of this.#rules.entries()) {
      if (pattern !== undefined) this.#patterns.set(key, compilePattern(pattern));
    }
  }

  start(): void {
    this.#running = true;
    this.deliveries.resume();
    for (const rule of this.#rules.values()) this.#schedule(rule, this.context.clock.now());
  }

  async stop(): Promise<void> {
    this.#running = false;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    await this.deliveries.stop();
  }

  busArn(name: string | undefined): string {
    return arn(this.context.account, 'events', `event-bus/${nameOfBus(name)}`);
  }

  ruleArn(bus: string | undefined, name: string | undefined): string {
    const busName = nameOfBus(bus);
    return arn(this.context.account, 'events', `rule/${busName === DEFAULT_BUS ? '' : `${busName}/`}${name ?? ''}`);
  }

  buses(): BusRecord[] {
    const own = [...this.#buses.values()];
    const all = this.#buses.has(DEFAULT_BUS) ? own : [...own, this.#default()];
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  findBus(name: string | undefined): BusRecord | undefined {
    const bus = nameOfBus(name);
    return this.#buses.get(bus) ?? (bus === DEFAULT_BUS ? this.#default() : undefined);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  bus(name: string | undefined): BusRecord {
    const found = this.findBus(name);
    if (found === undefined) throw notFound(`Event bus ${nameOfBus(name)}`);
    return found;
  }

  async putBus(record: BusRecord): Promise<void> {
    this.#buses.put(record.name, record);
    await this.context.store.durable();
  }

  async deleteBus(name: string): Promise<void> {
    this.#buses.delete(name);
    await this.context.store.durable();
  }

  rules(bus: string | undefined): RuleRecord[] {
    const name = nameOfBus(bus);
    return [...this.#rules.values()].filter((rule) => rule.bus === name).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  allRules(): RuleRecord[] {
    return [...this.#rules.values()];
  }

  findRule(bus: string | undefined, name: string | undefined): RuleRecord | undefined {
    return this.#rules.get(keyOf(nameOfBus(bus), name ?? ''));
  }

  /** @throws AwsError `ResourceNotFoundException` */
  rule(bus: string | undefined, name: string | undefined): RuleRecord {
    this.bus(bus);
    const found = this.findRule(bus, name);
    if (found === undefined) {
      throw new AwsError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus ${nameOfBus(bus)}.`);
    }
    return found;
  }

  /** `pattern` must compile. */
  async putRule(rule: RuleRecord): Promise<void> {
    const key = keyOf(rule.bus, rule.name);
    if (rule.pattern === undefined) this.#patterns.delete(key);
    else this.#patterns.set(key, compilePattern(rule.pattern));
    this.#rules.put(key, rule);
    await this.context.store.durable();
    this.#schedule(rule, this.context.clock.now());
  }

  async deleteRule(rule: RuleRecord): Promise<void> {
    const key = keyOf(rule.bus, rule.name);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#patterns.delete(key);
    this.#rules.delete(key);
    await this.context.store.durable();
  }

  publish({ detail, detailType, resources, source, time }: AwsServiceEvent): Promise<void> {
    return this.accept(DEFAULT_BUS, this.event({ source, detailType, time, resources, detail }));
  }

  /** The envelope of events (user guide, "AWS service events"). */
  event({ detail, detailType, resources, source, time }: AwsServiceEvent): { id: string } {
    const { accountId, region } = this.context.account;
    return {
      version: '0',
      id: uuid(this.context.entropy),
      'detail-type': detailType,
      source,
      account: accountId,
      time: new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z'),
      region,
      resources,
      detail,
    } as { id: string };
  }

  /** Takes an event in: it is on disk for every target when this resolves. */
  async accept(bus: string, event: object): Promise<void> {
    const matching = this.rules(bus).filter(
      (rule) => rule.state === 'ENABLED' && this.#patterns.get(keyOf(rule.bus, rule.name))?.(event) === true,
    );
    await this.#deliver(matching, event);
  }

  async #deliver(rules: readonly RuleRecord[], event: object): Promise<void> {
    const ids: string[] = [];
    const text = JSON.stringify(event);
    for (const rule of rules) {
      for (const target of rule.targets) {
        const id = uuid(this.context.entropy);
        this.deliveries.add({
          id,
          ruleKey: keyOf(rule.bus, rule.name),
          ruleArn: this.ruleArn(rule.bus, rule.name),
          ruleName: rule.name,
          target,
          event: text,
          acceptedAt: this.context.clock.now(),
          attempts: 0,
        });
        ids.push(id);
      }
    }
    if (ids.length === 0) return;
    await this.context.store.durable();
    this.deliveries.begin(ids);
  }

  /** Sets the timer for the next time after `after`. */
  #schedule(rule: RuleRecord, after: number): void {
    const key = keyOf(rule.bus, rule.name);
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    const schedule = rule.schedule === undefined ? undefined : parseSchedule(rule.schedule);
    if (!this.#running || rule.state !== 'ENABLED' || schedule === undefined) return;
    const anchor = schedule.kind === 'rate' ? rule.scheduledFrom + schedule.milliseconds : rule.scheduledFrom;
    const next = nextRun(schedule, after, anchor);
    if (next === undefined) return;
    const { clock } = this.context;
    const wait = Math.max(0, next - clock.now());
    const fire = wait <= MAX_TIMER_MS;
    const timer = clock.after(fire ? wait : MAX_TIMER_MS, () => {
      const current = this.#rules.get(key);
      if (current === undefined) return;
      if (fire) void this.#fire(current, next);
      this.#schedule(current, fire ? next : clock.now());
    });
    this.#timers.set(key, timer);
  }

  async #fire(rule: RuleRecord, time: number): Promise<void> {
    const resources = [this.ruleArn(rule.bus, rule.name)];
    const event = this.event({ source: 'aws.events', detailType: 'Scheduled Event', time, resources, detail: {} });
    try {
      await this.#deliver([rule], event);
    } catch (error) {
      this.context.log('error', 'a scheduled event could not be kept', { rule: rule.name, reason: messageOf(error) });
    }
  }

  #default(): BusRecord {
    return { name: DEFAULT_BUS, tags: [], createdAt: 0, updatedAt: 0 };
  }
}

/** Buses are named by name or ARN. */
export function nameOfBus(name: string | undefined): string {
  return name === undefined ? DEFAULT_BUS : name.replace(/^arn:aws:events:[^:]*:\d*:event-bus\//, '');
}

function keyOf(bus: string, name: string): string {
  return `${bus}/${name}`;
}
