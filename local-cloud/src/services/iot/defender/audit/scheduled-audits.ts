import type { CreateScheduledAuditRequest, UpdateScheduledAuditRequest } from '@aws-sdk/client-iot';
import type { Timer } from '../../../../core/clock.ts';
import type { CloudContext } from '../../../../core/plugin.ts';
import { invalidRequest, limitExceeded, resourceAlreadyExists, resourceNotFound } from '../../errors.ts';
import { Table } from '../../registry/table.ts';
import { requireName } from '../../registry/validation.ts';
import { MAX_SCHEDULED_AUDITS, NAME_PATTERN } from '../limits.ts';
import { type CheckName, readCheckNames } from './audit-checks.ts';
import type { AuditConfiguration } from './audit-configuration.ts';
import type { ScheduledAuditRecord } from './audit-records.ts';
import type { AuditTasks } from './audit-tasks.ts';
import { nextRun, readSchedule } from './schedule.ts';

/** Timers of Node hold no more than about 24 days. ms */
const LONGEST_SLEEP = 86_400_000;

/** Audits that come back (developer guide, `AuditCommands`, "Schedule audits"). */
export class ScheduledAudits {
  readonly table: Table<ScheduledAuditRecord>;
  readonly #context: CloudContext;
  readonly #configuration: AuditConfiguration;
  readonly #tasks: AuditTasks;
  readonly #arnOf: (name: string) => string;
  #timer: Timer | undefined;
  #started = false;

  constructor(
    context: CloudContext,
    configuration: AuditConfiguration,
    tasks: AuditTasks,
    arnOf: (name: string) => string,
  ) {
    this.table = new Table(context.store, 'iot/scheduledAudits');
    this.#context = context;
    this.#configuration = configuration;
    this.#tasks = tasks;
    this.#arnOf = arnOf;
    configuration.usedBySchedules(() => new Set([...this.table.values()].flatMap(({ checkNames }) => checkNames)));
  }

  get(name: string | undefined): ScheduledAuditRecord {
    requireName('scheduledAuditName', name, NAME_PATTERN);
    const audit = this.table.get(name);
    if (audit === undefined) throw resourceNotFound(`Scheduled audit not found: ${name}`);
    return audit;
  }

  create(input: CreateScheduledAuditRequest): ScheduledAuditRecord {
    const { scheduledAuditName: name } = input;
    requireName('scheduledAuditName', name, NAME_PATTERN);
    const schedule = readSchedule(input);
    const checkNames = this.#readChecks(input.targetCheckNames);
    if (this.table.has(name)) {
      throw resourceAlreadyExists(`The scheduled audit ${name} already exists`, this.#arnOf(name), name);
    }
    if (this.table.size >= MAX_SCHEDULED_AUDITS) {
      throw limitExceeded(`An account can have at most ${MAX_SCHEDULED_AUDITS} scheduled audits`);
    }
    const record = { name, ...schedule, checkNames, nextRun: nextRun(schedule, this.#context.clock.now()) };
    this.table.put(name, record);
    this.#schedule();
    return record;
  }

  update(input: UpdateScheduledAuditRequest): ScheduledAuditRecord {
    const { checkNames, lastRun, nextRun: due, ...before } = this.get(input.scheduledAuditName);
    const changed = input.frequency !== undefined || input.dayOfMonth !== undefined || input.dayOfWeek !== undefined;
    // A day belongs to its frequency: a new frequency leaves the old one's day behind.
    const keepsDay = input.frequency === undefined || input.frequency === before.frequency;
    const schedule = readSchedule({
      frequency: input.frequency ?? before.frequency,
      dayOfMonth: input.dayOfMonth ?? (keepsDay ? before.dayOfMonth : undefined),
      dayOfWeek: input.dayOfWeek ?? (keepsDay ? before.dayOfWeek : undefined),
    });
    const record: ScheduledAuditRecord = {
      name: before.name,
      ...schedule,
      checkNames: input.targetCheckNames === undefined ? checkNames : this.#readChecks(input.targetCheckNames),
      nextRun: changed ? nextRun(schedule, this.#context.clock.now(), lastRun) : due,
      ...(lastRun === undefined ? {} : { lastRun }),
    };
    this.table.put(record.name, record);
    this.#schedule();
    return record;
  }

  delete(name: string | undefined): void {
    this.table.delete(this.get(name).name);
    this.#schedule();
  }

  deleteAll(): void {
    for (const { name } of [...this.table.values()]) this.table.delete(name);
    this.#schedule();
  }

  start(): void {
    this.#started = true;
    this.#runDue();
  }

  stop(): void {
    this.#started = false;
    this.#timer?.cancel();
  }

  #readChecks(names: readonly string[] | undefined): CheckName[] {
    const checks = readCheckNames(names);
    const disabled = checks.filter((name) => !this.#configuration.isEnabled(name));
    if (disabled.length > 0) throw invalidRequest(`Checks are not enabled for the account: ${disabled.join(', ')}`);
    return checks;
  }

  #schedule(): void {
    this.#timer?.cancel();
    if (!this.#started || this.table.size === 0) return;
    const now = this.#context.clock.now();
    const due = Math.min(...[...this.table.values()].map((record) => record.nextRun));
    const sleep = Math.min(LONGEST_SLEEP, Math.max(0, due - now));
    this.#timer = this.#context.clock.after(sleep, () => this.#runDue());
  }

  /** One run for each that is due, however many were missed while the cloud was off. */
  #runDue(): void {
    const now = this.#context.clock.now();
    for (const record of [...this.table.values()]) {
      if (record.nextRun > now) continue;
      this.table.put(record.name, { ...record, lastRun: now, nextRun: nextRun(record, now, now) });
      this.#tasks.startScheduled(record.checkNames, {
        scheduledAuditName: record.name,
        previousRun: record.lastRun,
      });
    }
    this.#schedule();
  }
}
