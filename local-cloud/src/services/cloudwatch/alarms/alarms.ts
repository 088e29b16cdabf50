import { arn } from '../../../core/account.ts';
import { AwsError, messageOf } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { Collection } from '../../../core/store.ts';
import { EVALUATION_RANGE_SURPLUS, HISTORY_RETENTION, MAX_HISTORY_ITEMS } from '../limits.ts';
import { evaluateQuery, type PlannedQuery, planQueries } from '../math/query-plan.ts';
import type { MetricStore } from '../metrics/metric-store.ts';
import { actionsOf, runAction } from './alarm-actions.ts';
import type { AlarmConfiguration, AlarmRecord, HistoryItem, StateValue } from './alarm-record.ts';
import { evaluateAlarm } from './evaluate.ts';
import { reasonDataOf, reasonOf } from './state-reason.ts';

interface Plan {
  readonly queries: readonly PlannedQuery[];
  readonly answer: PlannedQuery;
}

/** All alarms of the account, evaluated at each full minute. */
export class Alarms {
  readonly context: CloudContext;
  readonly #metrics: MetricStore;
  readonly #records: Collection<AlarmRecord>;
  readonly #history: Collection<HistoryItem[]>;
  readonly #plans = new Map<string, Plan>();
  readonly #running = new Set<Promise<void>>();

  constructor(context: CloudContext, metrics: MetricStore) {
    this.context = context;
    this.#metrics = metrics;
    this.#records = context.store.collection('cloudwatch/alarms');
    this.#history = context.store.collection('cloudwatch/alarm-history');
  }

  arnOf(name: string): string {
    return arn(this.context.account, 'cloudwatch', `alarm:${name}`);
  }

  find(name: string): AlarmRecord | undefined {
    return this.#records.get(name);
  }

  findByArn(alarmArn: string | undefined): AlarmRecord | undefined {
    const name = alarmArn?.split(':').slice(6).join(':') ?? '';
    const alarm = this.#records.get(name);
    return alarm?.arn === alarmArn ? alarm : undefined;
  }

  /** @throws AwsError `ResourceNotFound` */
  require(name: string | undefined): AlarmRecord {
    const alarm = this.#records.get(name ?? '');
    if (alarm === undefined) throw new AwsError('ResourceNotFound', `Unknown alarm: ${name}`, 404);
    return alarm;
  }

  /** In order of name. */
  all(): AlarmRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.configuration.name < b.configuration.name ? -1 : 1));
  }

  /** A new alarm has no data yet; a changed one keeps its state until it is evaluated (PutMetricAlarm). */
  async put(configuration: AlarmConfiguration, tags?: Readonly<Record<string, string>>): Promise<AlarmRecord> {
    const now = this.context.clock.now();
    const { name } = configuration;
    const known = this.#records.get(name);
    const alarm: AlarmRecord =
      known === undefined
        ? {
            arn: this.arnOf(name),
            configuration,
            configuredAt: now,
            state: 'INSUFFICIENT_DATA',
            reason: 'Unchecked: Initial alarm creation',
            stateUpdatedAt: now,
            stateChangedAt: now,
            tags: tags ?? {},
          }
        : { ...known, configuration, configuredAt: now };
    this.#plans.delete(name);
    this.#records.put(name, alarm);
    const summary = known === undefined ? `Alarm "${name}" created` : `Alarm "${name}" updated`;
    const type = known === undefined ? 'Create' : 'Update';
    this.#remember(name, {
      time: now,
      type: 'ConfigurationUpdate',
      summary,
      data: JSON.stringify({ version: '1.0', type, updatedAlarm: configuration }),
    });
    await this.context.store.durable();
    return alarm;
  }

  async change(alarm: AlarmRecord, change: Partial<AlarmRecord>): Promise<void> {
    this.#records.put(alarm.configuration.name, { ...alarm, ...change });
    await this.context.store.durable();
  }

  async delete(names: readonly string[]): Promise<void> {
    const now = this.context.clock.now();
    for (const name of names) {
      if (!this.#records.delete(name)) continue;
      this.#plans.delete(name);
      const summary = `Alarm "${name}" deleted`;
      this.#remember(name, {
        time: now,
        type: 'ConfigurationUpdate',
        summary,
        data: JSON.stringify({ version: '1.0', type: 'Delete' }),
      });
    }
    await this.context.store.durable();
  }

  /** Oldest first; what is older than 30 days is forgotten. */
  history(name: string): HistoryItem[] {
    const oldest = this.context.clock.now() - HISTORY_RETENTION;
    return (this.#history.get(name) ?? []).filter(({ time }) => time >= oldest);
  }

  /** Names with a history: deleted alarms have one, too. */
  historyNames(): string[] {
    return [...this.#history.keys()].sort();
  }

  /** Sets a state by hand or by evaluation; a change runs the actions of the new state. */
  async setState(alarm: AlarmRecord, state: StateValue, reason: string, reasonData?: string): Promise<void> {
    const now = this.context.clock.now();
    const { name } = alarm.configuration;
    const changed = state !== alarm.state;
    const { reasonData: _before, ...rest } = alarm;
    const next: AlarmRecord = {
      ...rest,
      state,
      reason,
      ...(reasonData === undefined ? {} : { reasonData }),
      stateUpdatedAt: now,
      stateChangedAt: changed ? now : alarm.stateChangedAt,
    };
    this.#records.put(name, next);
    if (changed) {
      const data = { version: '1.0', oldState: stateData(alarm), newState: stateData(next) };
      this.#remember(name, {
        time: now,
        type: 'StateUpdate',
        summary: `Alarm updated from ${alarm.state} to ${state}`,
        data: JSON.stringify(data),
      });
    }
    await this.context.store.durable();
    if (!changed || !next.configuration.actionsEnabled) return;
    for (const action of actionsOf(next, state)) this.#act(action, next, alarm);
  }

  /** Evaluates every alarm at a full minute `end` (ms). A fault of one is not the others'. */
  evaluate(end: number): void {
    for (const alarm of this.all()) {
      try {
        this.#evaluate(alarm, end);
      } catch (error) {
        this.context.log('error', 'an alarm could not be evaluated', { alarm: alarm.arn, error: messageOf(error) });
      }
    }
  }

  /** Resolves when all actions that were begun have ended. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #evaluate(alarm: AlarmRecord, end: number): void {
    const { configuration } = alarm;
    const { queries, answer } = this.#planOf(configuration);
    const count = configuration.evaluationPeriods + EVALUATION_RANGE_SURPLUS;
    const step = answer.period * 1000;
    const start = end - count * step;
    const range = [...evaluateQuery(this.#metrics, queries, answer, start, count)].reverse();
    const evaluation = evaluateAlarm(
      {
        evaluationPeriods: configuration.evaluationPeriods,
        datapointsToAlarm: configuration.datapointsToAlarm ?? configuration.evaluationPeriods,
        threshold: configuration.threshold,
        comparison: configuration.comparison,
        treatMissingData: configuration.treatMissingData ?? 'missing',
      },
      range,
    );
    const { state } = evaluation;
    if (state === undefined || (state === alarm.state && alarm.stateUpdatedAt > alarm.configuredAt)) return;
    const times = range.flatMap((value, index) => (value === undefined ? [] : [end - (index + 1) * step]));
    const reason = reasonOf(configuration, state, evaluation, times);
    // A new alarm without data stays as unchecked as it is.
    if (state === alarm.state && state === 'INSUFFICIENT_DATA') return;
    const data = reasonDataOf(configuration, evaluation, times, this.context.clock.now());
    this.#track(this.setState(alarm, state, reason, data));
  }

  #planOf(configuration: AlarmConfiguration): Plan {
    let plan = this.#plans.get(configuration.name);
    if (plan === undefined) {
      const queries = planQueries(configuration.queries ?? [queryOf(configuration)]);
      plan = { queries, answer: queries.find((query) => query.returned) as PlannedQuery };
      this.#plans.set(configuration.name, plan);
    }
    return plan;
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.context.log('error', 'an alarm could not go on', { error: messageOf(error) }))
      .finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #act(action: string, alarm: AlarmRecord, before: AlarmRecord): void {
    const { name } = alarm.configuration;
    const note = (succeeded: boolean, error?: string): void => {
      const summary = succeeded ? `Successfully executed action ${action}` : `Failed to execute action ${action}`;
      const data = {
        actionState: succeeded ? 'Succeeded' : 'Failed',
        notificationResource: action,
        stateUpdateTimestamp: alarm.stateChangedAt,
        error,
      };
      this.#remember(name, { time: this.context.clock.now(), type: 'Action', summary, data: JSON.stringify(data) });
    };
    this.#track(
      runAction(this.context, action, alarm, before).then(
        () => note(true),
        (error: unknown) => {
          note(false, messageOf(error));
          this.context.log('error', 'an action of an alarm failed', {
            alarm: alarm.arn,
            action,
            error: messageOf(error),
          });
        },
      ),
    );
  }

  #remember(name: string, item: HistoryItem): void {
    this.#history.put(name, [...this.history(name), item].slice(-MAX_HISTORY_ITEMS));
  }
}

function queryOf({ metric }: AlarmConfiguration) {
  if (metric === undefined) throw new Error('an alarm has neither a metric nor queries');
  return {
    Id: 'm1',
    MetricStat: {
      Metric: { Namespace: metric.namespace, MetricName: metric.name, Dimensions: [...metric.dimensions] },
      Period: metric.period,
      Stat: metric.statistic ?? metric.extendedStatistic,
      ...(metric.unit === undefined ? {} : { Unit: metric.unit as 'None' }),
    },
  };
}

function stateData({ state, reason, reasonData }: AlarmRecord): object {
  return {
    stateValue: state,
    stateReason: reason,
    ...(reasonData === undefined ? {} : { stateReasonData: JSON.parse(reasonData) as unknown }),
  };
}
