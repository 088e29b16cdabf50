import type { QueryResponse, Row } from '@aws-sdk/client-timestream-query';
import { arn } from '../../../core/account.ts';
import type { Timer } from '../../../core/clock.ts';
import { randomText } from '../../../core/entropy.ts';
import { messageOf } from '../../../core/errors.ts';
import type { AssumedRole } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { nextRun, parseSchedule } from '../../../core/schedule/schedule-expression.ts';
import type { Collection } from '../../../core/store.ts';
import { conflict, resourceNotFound } from '../faults.ts';
import { resultRecords } from './result-records.ts';
import type { RunRecord, ScheduledQueryRecord } from './scheduled-query.ts';

const MAX_TIMER_MS = 86_400_000;
/** WriteRecords takes so many records. */
const RECORDS_PER_WRITE = 100;
const MAX_RUNS = 5;

/** The scheduled queries of the account, and their runs. Each run is made with the query's own role. */
export class ScheduledQueries {
  readonly context: CloudContext;
  readonly #records: Collection<ScheduledQueryRecord>;
  readonly #timers = new Map<string, Timer>();
  readonly #running = new Set<Promise<void>>();
  #started = false;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('timestream-scheduled/queries');
  }

  start(): void {
    this.#started = true;
    for (const record of this.#records.values()) this.#schedule(record, this.context.clock.now());
  }

  async stop(): Promise<void> {
    this.#started = false;
    for (const timer of this.#timers.values()) timer.cancel();
    await Promise.all(this.#running);
  }

  all(): ScheduledQueryRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(queryArn: string | undefined): ScheduledQueryRecord | undefined {
    return this.#records.get(queryArn ?? '');
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(queryArn: string | undefined): ScheduledQueryRecord {
    const found = this.find(queryArn);
    if (found === undefined) throw resourceNotFound(`The scheduled query ${queryArn}`);
    return found;
  }

  /** @throws AwsError `ConflictException`, and as the role cannot be assumed */
  async create(
    settings: Omit<ScheduledQueryRecord, 'arn' | 'createdAt' | 'scheduledFrom' | 'runs'>,
  ): Promise<ScheduledQueryRecord> {
    if (this.all().some(({ name }) => name === settings.name)) {
      throw conflict(`A scheduled query with the name ${settings.name} already exists.`);
    }
    const suffix = randomText(this.context.entropy, 8, '0123456789abcdef');
    const queryArn = arn(this.context.account, 'timestream', `scheduled-query/${settings.name}-${suffix}`);
    const now = this.context.clock.now();
    const record = { ...settings, arn: queryArn, createdAt: now, scheduledFrom: now, runs: [] };
    this.#assume(record);
    return this.#save(record);
  }

  async update(record: ScheduledQueryRecord, state: ScheduledQueryRecord['state']): Promise<void> {
    await this.#save({ ...record, state, scheduledFrom: this.context.clock.now() });
  }

  async delete(record: ScheduledQueryRecord): Promise<void> {
    this.#timers.get(record.arn)?.cancel();
    this.#timers.delete(record.arn);
    this.#records.delete(record.arn);
    await this.context.store.durable();
  }

  /** Runs a query as if it were `invokedAt`; its outcome is kept with it. */
  run(record: ScheduledQueryRecord, invokedAt: number, trigger: 'AUTO' | 'MANUAL'): Promise<void> {
    const run = this.#run(record, invokedAt, trigger).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return run;
  }

  async #run(record: ScheduledQueryRecord, invokedAt: number, trigger: 'AUTO' | 'MANUAL'): Promise<void> {
    const { clock } = this.context;
    const triggeredAt = clock.now();
    let resultRows = 0;
    let recordsIngested = 0;
    let failure: string | undefined;
    let errorReportKey: string | undefined;
    try {
      const role = this.#assume(record);
      const { columns, rows } = await this.#query(role, record, invokedAt);
      resultRows = rows.length;
      if (record.target !== undefined) {
        const records = resultRecords(columns, rows, record.target);
        const { DatabaseName, TableName } = record.target;
        for (let from = 0; from < records.length; from += RECORDS_PER_WRITE) {
          const Records = records.slice(from, from + RECORDS_PER_WRITE);
          // What a run makes anew replaces what an earlier one wrote (developer guide, "Scheduled query patterns").
          const CommonAttributes = { Version: triggeredAt };
          const input = { DatabaseName, TableName, CommonAttributes, Records };
          await this.context.api.call(role, 'timestream-write', 'WriteRecords', input);
          recordsIngested += Records.length;
        }
      }
    } catch (error) {
      failure = messageOf(error);
      errorReportKey = await this.#report(record, invokedAt, failure);
    }
    const status = `${trigger}_TRIGGER_${failure === undefined ? 'SUCCESS' : 'FAILURE'}` as const;
    const milliseconds = clock.now() - triggeredAt;
    const outcome: RunRecord = {
      invokedAt,
      triggeredAt,
      status,
      milliseconds,
      recordsIngested,
      resultRows,
      failure,
      errorReportKey,
    };
    const current = this.find(record.arn);
    if (current !== undefined) {
      this.#records.put(record.arn, { ...current, runs: [outcome, ...current.runs].slice(0, MAX_RUNS) });
      await this.context.store.durable().catch(() => undefined);
    }
    await this.#notify(record, outcome);
  }

  async #query(role: AssumedRole, record: ScheduledQueryRecord, invokedAt: number) {
    const time = `from_milliseconds(${invokedAt})`;
    const QueryString = record.query.replace(/'(?:[^']|'')*'|@scheduled_runtime\b/g, (part) =>
      part.startsWith('@') ? time : part,
    );
    const rows: Row[] = [];
    let page: QueryResponse | undefined;
    do {
      page = await this.context.api.call<QueryResponse>(role, 'timestream-query', 'Query', {
        QueryString,
        ...(page?.NextToken === undefined ? {} : { NextToken: page.NextToken }),
      });
      rows.push(...(page.Rows ?? []));
    } while (page.NextToken !== undefined);
    return { columns: page.ColumnInfo, rows };
  }

  /** A report of a failed run in the bucket for it (developer guide, "Scheduled query error reports"). */
  async #report(record: ScheduledQueryRecord, invokedAt: number, failure: string): Promise<string | undefined> {
    const { bucket, prefix } = record.errorReport;
    const Key = `${prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`}${record.arn.split('/').at(-1)}/${invokedAt}/error.json`;
    try {
      const Body = Buffer.from(JSON.stringify({ reportId: String(invokedAt), errors: [{ reason: failure }] }));
      await this.context.api.call(this.#assume(record), 's3', 'PutObject', { Bucket: bucket, Key, Body });
      return Key;
    } catch (error) {
      this.context.log('warn', 'a scheduled query could not write its error report', {
        query: record.name,
        reason: messageOf(error),
      });
      return undefined;
    }
  }

  async #notify(record: ScheduledQueryRecord, run: RunRecord): Promise<void> {
    const type = run.failure === undefined ? 'AUTO_TRIGGER_SUCCESS' : 'AUTO_TRIGGER_FAILURE';
    const notificationType =
      run.status === 'MANUAL_TRIGGER_SUCCESS' || run.status === 'MANUAL_TRIGGER_FAILURE' ? run.status : type;
    const message = {
      type: notificationType,
      arn: record.arn,
      scheduledQueryRunSummary: {
        invocationEpochSecond: Math.floor(run.invokedAt / 1000),
        triggerTimeMillis: run.triggeredAt,
        runStatus: run.status,
        executionStats: {
          executionTimeInMillis: run.milliseconds,
          recordsIngested: run.recordsIngested,
          queryResultRows: run.resultRows,
        },
        ...(run.failure === undefined ? {} : { failureReason: run.failure }),
      },
    };
    try {
      await this.context.api.call(this.#assume(record), 'sns', 'Publish', {
        TopicArn: record.topicArn,
        Message: JSON.stringify(message),
      });
    } catch (error) {
      this.context.log('warn', 'a scheduled query could not notify its topic', {
        query: record.name,
        reason: messageOf(error),
      });
    }
  }

  #assume({ arn: sourceArn, roleArn }: ScheduledQueryRecord): AssumedRole {
    const sourceAccount = this.context.account.accountId;
    const service = { kind: 'service', service: 'timestream.amazonaws.com', sourceArn, sourceAccount } as const;
    return this.context.ports.get('authorizer').assumeRole(service, roleArn, 'timestream-scheduled-query');
  }

  async #save(record: ScheduledQueryRecord): Promise<ScheduledQueryRecord> {
    this.#records.put(record.arn, record);
    await this.context.store.durable();
    this.#schedule(record, this.context.clock.now());
    return record;
  }

  #schedule(record: ScheduledQueryRecord, after: number): void {
    this.#timers.get(record.arn)?.cancel();
    this.#timers.delete(record.arn);
    const schedule = parseSchedule(record.schedule);
    if (!this.#started || record.state !== 'ENABLED' || schedule === undefined) return;
    const anchor = schedule.kind === 'rate' ? record.scheduledFrom + schedule.milliseconds : record.scheduledFrom;
    const next = nextRun(schedule, after, anchor);
    if (next === undefined) return;
    const { clock } = this.context;
    const wait = Math.max(0, next - clock.now());
    const due = wait <= MAX_TIMER_MS;
    const timer = clock.after(due ? wait : MAX_TIMER_MS, () => {
      const current = this.find(record.arn);
      if (current === undefined) return;
      if (due) void this.run(current, next, 'AUTO');
      this.#schedule(current, due ? next : clock.now());
    });
    this.#timers.set(record.arn, timer);
  }
}
