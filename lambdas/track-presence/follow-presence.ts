import { type Alert, alertSchema, type PresenceEvent, presenceShadowSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import type { Step } from '../shared/tracked-state.ts';

/** What is known of one device. Times in ms since the epoch. */
export const presenceStateSchema = z.object({
  thingName: z.string(),
  /** The newest lifecycle event taken in. */
  link: z.object({
    connected: z.boolean(),
    sessionId: z.string(),
    /** -1 where only a last will was seen */
    version: z.int(),
    at: z.int(),
    reason: z.string(),
  }),
  /** A last will that came after it. */
  willAt: z.int().optional(),
  /** What others were told. */
  shown: presenceShadowSchema.optional(),
  /** Since when, by our clock, the connection differs from what is shown. */
  changedAt: z.int().optional(),
  /** When connections began, in the last window. */
  connects: z.array(z.int()),
  alert: z.object({ alertId: z.string(), since: z.int() }).optional(),
});

export type PresenceState = z.infer<typeof presenceStateSchema>;

export const presenceOutputSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('shadow'), shadow: presenceShadowSchema }),
  z.object({ kind: z.literal('alert'), alert: alertSchema }),
]);

export type PresenceOutput = z.infer<typeof presenceOutputSchema>;

export interface PresenceSettings {
  /** ms between a disconnect and its verification */
  readonly settle: number;
  /** ms in which connections are counted */
  readonly flapWindow: number;
  /** Connections in that window from which a device counts as flapping. */
  readonly flapLimit: number;
  /** ms for which a flapping device's changes are held back */
  readonly flapHold: number;
  /** ms that a device may be offline */
  readonly offlineBound: number;
}

/** Timestamps of two events can be wrong by two minutes each (IoT developer guide, "Lifecycle events"). */
const CERTAINLY_LATER = 4 * 60_000;

/** Takes in one event. Undefined: it is known already, or older than what is known. */
export function takeEvent(
  state: PresenceState | undefined,
  event: PresenceEvent,
  settings: PresenceSettings,
  now: number,
): Step<PresenceState, PresenceOutput> | undefined {
  if (event.kind === 'will') return takeWill(state, event, settings, now);
  const { thingName, sessionId, version, at } = event;
  const connected = event.kind === 'connected';
  const link = { connected, sessionId, version, at, reason: event.kind === 'connected' ? '' : (event.reason ?? '') };
  if (state === undefined) {
    return look({ thingName, link, connects: connected ? [at] : [], changedAt: now }, settings, now);
  }
  if (!supersedes(link, state.link)) return undefined;
  const { willAt: _known, ...rest } = state;
  const connects = state.connects.filter((time) => time > at - settings.flapWindow);
  if (connected) connects.push(at);
  // A change begins its wait anew each time.
  return look({ ...rest, link, connects: connects.slice(-MAX_CONNECTS), changedAt: now }, settings, now);
}

/** Looks at what time has made of a state: a change that has lasted is shown, an absence that has lasted is an alert. */
export function look(
  state: PresenceState,
  settings: PresenceSettings,
  now: number,
): Step<PresenceState, PresenceOutput> {
  const outputs: PresenceOutput[] = [];
  let next = state;
  let dueAt: number | undefined;
  if (state.changedAt !== undefined) {
    const flapping = isFlapping(state, settings, now);
    const { connected, since, reason } = linkOf(state, settings);
    // A connection is good news at once; its loss is verified first, and neither is believed of one that flaps.
    dueAt = state.changedAt + (flapping ? settings.flapHold : connected ? 0 : settings.settle);
    const { shown } = state;
    if (now >= dueAt) {
      dueAt = undefined;
      const { changedAt: _settled, ...rest } = state;
      const status = connected ? 'online' : 'offline';
      const changed = { status, since, reason, flapping: false } as const;
      // Back to how it is shown without anybody having seen more: nothing has happened.
      const unseen = status === shown?.status && !shown.flapping;
      next = unseen ? rest : { ...rest, shown: changed };
    } else if (flapping && shown !== undefined) {
      next = { ...state, shown: { ...shown, flapping: true } };
    }
    if (next.shown !== undefined && (next.shown.status !== shown?.status || next.shown.flapping !== shown.flapping)) {
      outputs.push({ kind: 'shadow', shadow: next.shown });
    }
  }
  const alarm = lookAtAbsence(next, settings, now);
  return {
    state: alarm.state,
    outputs: [...outputs, ...alarm.outputs],
    dueAt: dueAt === undefined ? alarm.dueAt : Math.min(dueAt, alarm.dueAt ?? dueAt),
  };
}

/** What the shadow says, to be written again when two writers met. */
export function shownOutputs(state: PresenceState): PresenceOutput[] {
  return state.shown === undefined ? [] : [{ kind: 'shadow', shadow: state.shown }];
}

const MAX_CONNECTS = 50;

type Link = PresenceState['link'];

/**
 * Whether an event is newer than another. A connect and its disconnect have the same version, and the disconnect is the
 * later. Otherwise the higher version is, unless their times are too far apart for that: versions begin anew when a
 * client was away.
 */
function supersedes(event: Link, known: Link): boolean {
  if (event.sessionId === known.sessionId && event.version === known.version)
    return known.connected && !event.connected;
  if (Math.abs(event.at - known.at) > CERTAINLY_LATER) return event.at > known.at;
  return event.version === known.version ? event.at > known.at : event.version > known.version;
}

/**
 * A last will says that a connection was lost, but not which: when a device comes back before its old connection is
 * missed, its will is published after the new connect. So it only asks for a look after the wait, and the last event
 * decides; the will stands in for a disconnect that never came when the connection is older than the wait.
 */
function takeWill(
  state: PresenceState | undefined,
  { thingName, at }: PresenceEvent,
  settings: PresenceSettings,
  now: number,
): Step<PresenceState, PresenceOutput> | undefined {
  if (state === undefined) {
    const link = { connected: false, sessionId: '', version: -1, at, reason: LAST_WILL };
    return look({ thingName, link, connects: [], changedAt: now }, settings, now);
  }
  if (!state.link.connected || at <= (state.willAt ?? 0)) return undefined;
  if (at - state.link.at <= settings.settle) return undefined;
  return look({ ...state, willAt: at, changedAt: now }, settings, now);
}

const LAST_WILL = 'LAST_WILL';

function linkOf({ link, willAt }: PresenceState, settings: PresenceSettings) {
  if (link.connected && willAt !== undefined && willAt - link.at > settings.settle) {
    return { connected: false, since: willAt, reason: LAST_WILL };
  }
  return { connected: link.connected, since: link.at, reason: link.reason };
}

function isFlapping({ connects }: PresenceState, settings: PresenceSettings, now: number): boolean {
  return connects.filter((time) => time > now - settings.flapWindow).length >= settings.flapLimit;
}

function lookAtAbsence(
  state: PresenceState,
  settings: PresenceSettings,
  now: number,
): Step<PresenceState, PresenceOutput> {
  const { thingName, shown, alert } = state;
  const common = { version: 1, kind: 'offline', thingName, at: now } as const;
  if (shown?.status === 'offline') {
    if (alert !== undefined) return { state, outputs: [] };
    const dueAt = shown.since + settings.offlineBound;
    if (now < dueAt) return { state, outputs: [], dueAt };
    const { since, reason } = shown;
    const alertId = `offline/${thingName}/${since}`;
    const raised: Alert = { ...common, state: 'raised', alertId, since, reason };
    return { state: { ...state, alert: { alertId, since } }, outputs: [{ kind: 'alert', alert: raised }] };
  }
  if (alert === undefined || shown === undefined) return { state, outputs: [] };
  const { alert: _cleared, ...rest } = state;
  const cleared: Alert = { ...common, state: 'cleared', alertId: alert.alertId, since: alert.since, reason: '' };
  return { state: rest, outputs: [{ kind: 'alert', alert: cleared }] };
}
