import type { Behavior, MetricValue, ViolationEventType } from '@aws-sdk/client-iot';
import type { CloudContext } from '../../../../core/plugin.ts';
import type { Collection } from '../../../../core/store.ts';
import { resourceNotFound } from '../../errors.ts';
import { creationOrder, Table } from '../../registry/table.ts';
import { DETECT_RETENTION, SILENCE_BEFORE_INVALIDATION } from '../limits.ts';
import { newId } from '../service-role.ts';
import type { ActiveAlarm, AlarmRecord, VerificationRecord, ViolationEventRecord } from './detect-records.ts';
import { ViolationIndex } from './violation-index.ts';

/** One data point of a behavior. */
export interface Judgement {
  readonly profileName: string;
  readonly behavior: Behavior;
  readonly thingName: string;
  readonly value: MetricValue;
  readonly conforms: boolean;
  /** ms since the epoch */
  readonly at: number;
}

export type AlertListener = (event: ViolationEventRecord) => void;

/**
 * Alarms of devices (developer guide, `detect-behaviors`): raised after `consecutiveDatapointsToAlarm` violations in a
 * row, cleared after `consecutiveDatapointsToClear` conforming data points in a row, both 1 unless given.
 */
export class Alarms {
  readonly events: Table<ViolationEventRecord>;
  /** Raised alarms, for those who derive from them. */
  readonly violations = new ViolationIndex();
  readonly #alarms: Collection<AlarmRecord>;
  readonly #verifications: Collection<VerificationRecord>;
  readonly #context: CloudContext;
  readonly #alert: AlertListener;

  constructor(context: CloudContext, alert: AlertListener) {
    const { store } = context;
    this.events = new Table(store, 'iot/violationEvents', ({ time, id }) => creationOrder(time, id));
    this.#alarms = this.violations.observe(store.collection('iot/detectAlarms'));
    this.#verifications = store.collection('iot/violationVerifications');
    this.#context = context;
    this.#alert = alert;
  }

  /** Alarms that are raised, by when they were. */
  active(): (AlarmRecord & { readonly active: ActiveAlarm })[] {
    return [...this.#alarms.values()]
      .filter((alarm): alarm is AlarmRecord & { active: ActiveAlarm } => alarm.active !== undefined)
      .sort((a, b) => (orderOf(a.active) < orderOf(b.active) ? -1 : 1));
  }

  verificationOf(violationId: string): VerificationRecord {
    return this.#verifications.get(violationId) ?? { state: 'UNKNOWN' };
  }

  verify(violationId: string | undefined, verification: VerificationRecord): void {
    const known = [...this.events.values()].some((event) => event.violationId === violationId);
    if (violationId === undefined || !known) throw resourceNotFound(`Violation not found: ${violationId}`);
    this.#verifications.put(violationId, verification);
  }

  judge(judgement: Judgement): void {
    const { profileName, behavior, thingName, value, conforms, at } = judgement;
    const key = keyOf(profileName, behavior.name ?? '', thingName);
    const before = this.#alarms.get(key);
    const violating = conforms ? 0 : (before?.violating ?? 0) + 1;
    const conforming = conforms ? (before?.conforming ?? 0) + 1 : 0;
    if (before === undefined && conforms) return;
    const record = { profileName, behavior, thingName, violating, conforming, lastSeen: at };
    const { consecutiveDatapointsToAlarm = 1, consecutiveDatapointsToClear = 1 } = behavior.criteria ?? {};
    const active = before?.active;
    if (active === undefined) {
      if (conforms) this.#alarms.delete(key);
      else if (violating < consecutiveDatapointsToAlarm) this.#alarms.put(key, record);
      else this.#raise(key, record, value);
      return;
    }
    if (conforming >= consecutiveDatapointsToClear) {
      this.#alarms.delete(key);
      this.#tell(record, active.violationId, 'alarm-cleared', at, value);
      return;
    }
    this.#alarms.put(key, {
      ...record,
      active: conforms ? active : { ...active, lastTime: at, lastValue: value },
    });
  }

  /** "An alarm is also sent when a monitored device … had been causing an alarm but stops reporting for an extended period." */
  invalidateSilent(now: number): void {
    this.#invalidate(({ lastSeen }) => now - lastSeen > SILENCE_BEFORE_INVALIDATION, now, true);
  }

  /** Alarms of what is no longer watched end without an alert: "Deleting a behavior stops all future … alerts". */
  drop(matches: (alarm: AlarmRecord) => boolean): void {
    this.#invalidate(matches, this.#context.clock.now(), false);
  }

  forgetBefore(now: number): void {
    for (const event of [...this.events.values()]) {
      if (now - event.time <= DETECT_RETENTION) continue;
      this.events.delete(event.id);
      if (![...this.events.values()].some(({ violationId }) => violationId === event.violationId)) {
        this.#verifications.delete(event.violationId);
      }
    }
  }

  #raise(key: string, record: AlarmRecord, value: MetricValue): void {
    const violationId = newId(this.#context);
    const { lastSeen: at } = record;
    this.#alarms.put(key, { ...record, active: { violationId, startTime: at, lastTime: at, lastValue: value } });
    this.#tell(record, violationId, 'in-alarm', at, value);
  }

  #invalidate(matches: (alarm: AlarmRecord) => boolean, at: number, alert: boolean): void {
    for (const [key, alarm] of [...this.#alarms.entries()]) {
      if (!matches(alarm)) continue;
      this.#alarms.delete(key);
      if (alarm.active === undefined) continue;
      this.#tell(alarm, alarm.active.violationId, 'alarm-invalidated', at, undefined, alert);
    }
  }

  #tell(
    { profileName, behavior, thingName }: AlarmRecord,
    violationId: string,
    type: ViolationEventType,
    time: number,
    value?: MetricValue,
    alert = true,
  ): void {
    const event: ViolationEventRecord = {
      id: newId(this.#context),
      violationId,
      profileName,
      behavior,
      thingName,
      type,
      time,
      ...(value === undefined ? {} : { value }),
    };
    this.events.put(event.id, event);
    if (alert && behavior.suppressAlerts !== true) this.#alert(event);
  }
}

function keyOf(profileName: string, behaviorName: string, thingName: string): string {
  return [profileName, behaviorName, thingName].join('\t');
}

function orderOf({ startTime, violationId }: ActiveAlarm): string {
  return creationOrder(startTime, violationId);
}
