import type { Alert, TwinChange } from '@fleetwright/contracts';
import * as z from 'zod';
import type { Step } from '../shared/tracked-state.ts';
import { driftingPaths, MAX_PATHS } from './compare-sections.ts';

/** What is known of one shadow. Times in ms since the epoch. */
export const driftStateSchema = z.object({
  thingName: z.string(),
  shadowName: z.string(),
  /** Of the newest document taken in. */
  version: z.int(),
  receivedAt: z.int(),
  /** When each path that drifts now began to. */
  drifting: z.record(z.string(), z.int()),
  /** The alert that is raised, and since when nothing drifts any more, if so. */
  alert: z.object({ alertId: z.string(), since: z.int(), calmSince: z.int().optional() }).optional(),
});

export type DriftState = z.infer<typeof driftStateSchema>;

export interface DriftSettings {
  /** ms that a path may drift */
  readonly raiseAfter: number;
  /** ms without any drift after which a raised alert is cleared */
  readonly clearAfter: number;
}

/**
 * A deleted shadow keeps its version for 48 hours and begins anew after that (IoT developer guide, "Using shadows",
 * "Versioning"). No queue of ours holds a message that long behind another, so a lower version a day later is a new life.
 */
const NEW_LIFE = 24 * 3_600_000;

/** Takes in one change of a shadow. Undefined: it is known already, or older than what is known. */
export function takeChange(
  state: DriftState | undefined,
  change: TwinChange,
  settings: DriftSettings,
  now: number,
): Step<DriftState, Alert> | undefined {
  const { thingName, shadowName, version, receivedAt } = change;
  if (state !== undefined && !isNewer(change, state)) return undefined;
  const paths = change.kind === 'deleted' ? [] : driftingPaths(change.desired, change.reported);
  const drifting: Record<string, number> = {};
  for (const path of paths) drifting[path] = state?.drifting[path] ?? receivedAt;
  const next: DriftState = {
    thingName,
    shadowName,
    version,
    receivedAt,
    drifting,
    ...(state?.alert !== undefined && { alert: calmed(state.alert, paths.length === 0, receivedAt) }),
  };
  return judge(next, settings, now);
}

/** Looks at what time has made of a state. */
export function judge(state: DriftState, settings: DriftSettings, now: number): Step<DriftState, Alert> {
  const { thingName, shadowName, drifting, alert } = state;
  const common = { version: 1, kind: 'drift', thingName, shadowName, at: now } as const;
  const paths = Object.keys(drifting);
  if (alert === undefined) {
    if (paths.length === 0) return { state, outputs: [] };
    const since = Math.min(...Object.values(drifting));
    const dueAt = since + settings.raiseAfter;
    if (now < dueAt) return { state, outputs: [], dueAt };
    const alertId = `drift/${thingName}/${shadowName}/${since}`;
    const raised: Alert = { ...common, state: 'raised', alertId, since, paths: paths.slice(0, MAX_PATHS) };
    return { state: { ...state, alert: { alertId, since } }, outputs: [raised] };
  }
  if (alert.calmSince === undefined) return { state, outputs: [] };
  const dueAt = alert.calmSince + settings.clearAfter;
  if (now < dueAt) return { state, outputs: [], dueAt };
  const { alert: _cleared, ...calm } = state;
  const cleared: Alert = { ...common, state: 'cleared', alertId: alert.alertId, since: alert.since, paths: [] };
  return { state: calm, outputs: [cleared] };
}

/** The deletion of a shadow carries the version that was deleted, so it comes after the change of the same version. */
function isNewer(change: TwinChange, state: DriftState): boolean {
  if (change.receivedAt >= state.receivedAt + NEW_LIFE) return true;
  if (change.kind === 'deleted' && change.version === state.version) return Object.keys(state.drifting).length > 0;
  return change.version > state.version;
}

function calmed(alert: NonNullable<DriftState['alert']>, calm: boolean, at: number): NonNullable<DriftState['alert']> {
  const { alertId, since } = alert;
  return calm ? { alertId, since, calmSince: alert.calmSince ?? at } : { alertId, since };
}
