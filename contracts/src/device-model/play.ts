import type { ShadowSection } from '../shadows.ts';
import { TWIN_REPORT, twinReportSchema } from '../twin-report.ts';
import type { AlertRules, DeviceAlertState } from './alert-rules.ts';
import { evaluateRules, type TelemetryAlert } from './evaluate-rules.ts';
import type { DeviceModel } from './model.ts';
import { type Observed, observe } from './observe.ts';
import { leafPaths, mergeSection, sectionDelta, valueAt } from './sections.ts';
import { type Moment, type Numbers, type SettingChange, simulate } from './simulate.ts';
import type { Point } from './theil-sen.ts';
import type { PredictedAlert, PredictedExcess, PredictedMeasure, PredictedSetting, WhatIf } from './what-if.ts';

/** Everything that is known before anything is sent. */
export interface Situation {
  readonly thingName: string;
  readonly deviceType: string;
  readonly model: DeviceModel;
  readonly rules: AlertRules;
  /** The model's shadow. */
  readonly twin: {
    readonly version?: number | undefined;
    readonly desired: ShadowSection;
    readonly reported: ShadowSection;
  };
  /** Recent samples by measure, in the order of time (ms). */
  readonly recent: Readonly<Record<string, readonly Point[]>>;
  readonly alertState: DeviceAlertState;
  /** Desired state that is not reported for so long is an alert. */
  readonly driftAfterSeconds: number;
  /** ms since the epoch */
  readonly now: number;
}

export interface Proposal {
  readonly desired: ShadowSection;
  readonly horizonSeconds: number;
  readonly conditions: Numbers;
}

/** Moments of one simulation at most. */
const MAX_MOMENTS = 5_000;
const MAX_SERIES = 60;
/** Between two samples of a device that reports no `sampleInterval`. */
const USUAL_SAMPLE_SECONDS = 10;
/** Of a window, so that a rate is told as it would be from the device's own samples. */
const RATE_SHARE = 6;

/** @returns what would come of a proposal; text: why the model cannot say */
export function play(situation: Situation, proposal: Proposal): WhatIf | { readonly diverges: string } {
  const { model, twin, now, thingName } = situation;
  const { horizonSeconds } = proposal;
  const desired = mergeSection(twin.desired, proposal.desired);
  const before = settingsOf(model, twin.reported, twin.desired);
  const after = settingsOf(model, twin.reported, desired);
  const known = {
    ...Object.fromEntries(Object.entries(model.conditions).map(([name, { value }]) => [name, value])),
    ...proposal.conditions,
    ...Object.fromEntries(after.map(({ setting, from }) => [setting, from])),
  };
  const start = observe(model, known, situation.recent);
  const every = pace(twin.reported, horizonSeconds);
  const run = (settings: readonly PredictedSetting[]): Moment[] =>
    simulate(model, start, changesOf(settings), horizonSeconds, every);
  const proposed = run(after);
  const without = run(before);
  const diverging = proposed
    .flatMap(({ values }) => Object.entries(values))
    .find(([, value]) => !Number.isFinite(value));
  if (diverging !== undefined) return { diverges: diverging[0] };

  const alertsOf = (moments: readonly Moment[]): readonly TelemetryAlert[] =>
    evaluateRules(situation.rules, thingName, situation.alertState, samplesOf(moments, now)).alerts;
  const usual = alertsOf(without);
  const excesses = excessesOf(model, without);
  return {
    thingName,
    deviceType: situation.deviceType,
    at: now,
    horizonSeconds,
    wouldSend: {
      shadow: model.shadow,
      request: { state: { desired: proposal.desired } },
      delta: sectionDelta(desired, twin.reported),
      ...(twin.version !== undefined && { version: twin.version }),
    },
    settings: after.filter(({ from, to }) => from !== to),
    measures: Object.keys(model.measures).map((name) => measureOf(name, model, start, proposed, without)),
    excesses: excessesOf(model, proposed).map((excess) => ({
      ...excess,
      alsoWithout: excesses.some(({ bound, measure }) => bound === excess.bound && measure === excess.measure),
    })),
    alerts: [
      ...alertsOf(proposed).map((alert) => predicted(alert, usual, now)),
      ...driftOf(after, before, situation.driftAfterSeconds, horizonSeconds),
    ],
    notes: notesOf(situation, proposal, start, every),
  };
}

function settingsOf(model: DeviceModel, reported: ShadowSection, desired: ShadowSection): PredictedSetting[] {
  const unsupported = unsupportedSettings(reported);
  return Object.entries(model.settings).map(([setting, { applySeconds, default: usual, max, min }]) => {
    const is = valueAt(reported, setting);
    const from = typeof is === 'number' ? is : usual;
    const wanted = valueAt(desired, setting) ?? from;
    const refused = wanted === from ? undefined : refusalOf(setting, wanted, { min, max }, unsupported);
    if (refused !== undefined) return { setting, from, to: typeof wanted === 'number' ? wanted : Number.NaN, refused };
    return { setting, from, to: wanted as number, afterSeconds: applySeconds };
  });
}

function refusalOf(
  setting: string,
  wanted: ShadowSection[string],
  { max, min }: { readonly min: number | undefined; readonly max: number | undefined },
  unsupported: ReadonlySet<string>,
): string | undefined {
  if (unsupported.has(setting)) return 'it has said that it has no such setting';
  if (typeof wanted !== 'number') return `${JSON.stringify(wanted)} is no number`;
  if (min !== undefined && wanted < min) return `below ${min}`;
  return max !== undefined && wanted > max ? `above ${max}` : undefined;
}

/** What the device said it does not have, when it was asked for it last. */
function unsupportedSettings(reported: ShadowSection): ReadonlySet<string> {
  const { errors } = twinReportSchema.safeParse(reported[TWIN_REPORT]).data ?? {};
  return new Set((errors ?? []).flatMap(({ code, setting }) => (code === 'UNSUPPORTED' ? [setting] : [])));
}

function changesOf(settings: readonly PredictedSetting[]): SettingChange[] {
  return settings.flatMap(({ setting, from, to, afterSeconds }) =>
    afterSeconds === undefined || from === to ? [] : [{ setting, value: to, afterSeconds }],
  );
}

/** Seconds between two simulated samples: the device's own pace, unless that were too many. */
function pace(reported: ShadowSection, horizonSeconds: number): number {
  const interval = valueAt(reported, 'sampleInterval');
  const own = typeof interval === 'number' && interval > 0 ? interval / 1_000 : USUAL_SAMPLE_SECONDS;
  return Math.min(horizonSeconds, Math.max(own, horizonSeconds / MAX_MOMENTS));
}

function samplesOf(moments: readonly Moment[], now: number) {
  return moments.map(({ seconds, values }) => ({
    time: Math.round(now + seconds * 1_000),
    channel: 'telemetry',
    values,
  }));
}

function measureOf(
  measure: string,
  model: DeviceModel,
  start: Observed,
  proposed: readonly Moment[],
  without: readonly Moment[],
): PredictedMeasure {
  const points = proposed.map(({ seconds, values }) => [seconds, values[measure] as number] as const);
  const extreme = (better: (left: number, right: number) => boolean) => {
    const [afterSeconds, value] = points.reduce((best, point) => (better(point[1], best[1]) ? point : best));
    return { value, afterSeconds };
  };
  const unit = model.measures[measure]?.unit;
  const stride = Math.ceil(points.length / MAX_SERIES);
  const last = points.length - 1;
  return {
    measure,
    ...(unit !== undefined && { unit }),
    now: start.values[measure] as number,
    ...(start.offsets[measure] !== undefined && { unexplained: start.offsets[measure] }),
    end: (points[last] as readonly [number, number])[1],
    endWithout: without.at(-1)?.values[measure] as number,
    least: extreme((left, right) => left < right),
    most: extreme((left, right) => left > right),
    series: points.filter((_, at) => at % stride === 0 || at === last),
  };
}

function excessesOf(model: DeviceModel, moments: readonly Moment[]): Omit<PredictedExcess, 'alsoWithout'>[] {
  return Object.entries(model.measures).flatMap(([measure, { limits }]) =>
    (['min', 'max'] as const).flatMap((bound) => {
      const limit = limits[bound];
      if (limit === undefined) return [];
      const sign = bound === 'max' ? 1 : -1;
      const beyond = moments.filter(({ values }) => ((values[measure] as number) - limit) * sign > 0);
      const [first] = beyond;
      if (first === undefined) return [];
      const worst = sign * Math.max(...beyond.map(({ values }) => (values[measure] as number) * sign));
      return [{ measure, bound, limit, worst, afterSeconds: first.seconds }];
    }),
  );
}

function predicted(alert: TelemetryAlert, usual: readonly TelemetryAlert[], now: number): PredictedAlert {
  const { rule, measure, severity, state, value, limit, at } = alert;
  return {
    kind: 'telemetry',
    rule,
    measure,
    severity,
    state,
    value,
    limit,
    afterSeconds: Math.round((at - now) / 1_000),
    alsoWithout: usual.some((other) => other.rule === rule && other.state === state),
  };
}

/** What the device refuses stays desired and is never reported. */
function driftOf(
  after: readonly PredictedSetting[],
  before: readonly PredictedSetting[],
  afterSeconds: number,
  horizonSeconds: number,
): PredictedAlert[] {
  const refused = after.filter((setting) => setting.refused !== undefined);
  if (refused.length === 0 || afterSeconds > horizonSeconds) return [];
  const alsoWithout = before.some((setting) => setting.refused !== undefined);
  return [{ kind: 'drift', rule: 'drift', severity: 'warning', state: 'raised', afterSeconds, alsoWithout }];
}

function notesOf(
  { model, rules, recent, now }: Situation,
  { desired }: Proposal,
  { unknown }: Observed,
  every: number,
): string[] {
  const notes: string[] = [];
  const strange = leafPaths(desired).filter((path) => !Object.hasOwn(model.settings, path));
  if (strange.length > 0) notes.push(`the model says nothing of ${strange.join(', ')}`);
  if (unknown.length > 0)
    notes.push(`no recent sample tells of ${unknown.join(', ')}: taken as the model has it at rest`);
  const newest = Math.max(...Object.values(recent).map((points) => points.at(-1)?.[0] ?? Number.NEGATIVE_INFINITY));
  const age = Math.round((now - newest) / 1_000);
  if (Number.isFinite(age) && age > Math.max(60, 3 * every)) notes.push(`the last sample is ${age} s old`);
  const blind: string[] = [];
  const coarse: string[] = [];
  for (const [name, { channel, maxGapSeconds, measure, rate }] of Object.entries(rules)) {
    if (channel !== 'telemetry' || !Object.hasOwn(model.measures, measure)) blind.push(name);
    else if (every > maxGapSeconds || (rate !== undefined && every > rate.windowSeconds / RATE_SHARE))
      coarse.push(name);
  }
  if (blind.length > 0) notes.push(`not predicted, because the model has not their measure: ${blind.join(', ')}`);
  if (coarse.length > 0) notes.push(`the time is too long to judge ${coarse.join(', ')}: ask for a shorter one`);
  return notes;
}
