import {
  type AlertRules,
  type DeviceAlertState,
  type DeviceModel,
  mergeSection,
  type NamedShadow,
  type Point,
  PRESENCE_SHADOW,
  play,
  SHADOW_SCHEMAS,
  type WhatIfResult,
  whatIfRequestSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import type { DeviceFinding } from '../shared/find-device.ts';
import type { TelemetryHistory } from '../shared/telemetry-history.ts';
import type { ShadowDocument } from './schema.ts';

export interface WhatIfPorts {
  now(): number;
  findDevice(thingName: string): Promise<DeviceFinding>;
  /** Undefined when there is none. */
  shadow(thingName: string, shadowName: NamedShadow | typeof PRESENCE_SHADOW): Promise<ShadowDocument | undefined>;
  alertState(thingName: string): Promise<DeviceAlertState>;
  readonly history: TelemetryHistory;
}

export interface WhatIfSettings {
  readonly models: Readonly<Record<string, DeviceModel>>;
  readonly rules: Readonly<Record<string, AlertRules>>;
  readonly driftAfterSeconds: number;
}

/** How far back the last sample is looked for, and what before it tells where the device stands, in ms. */
const LOOK_BACK = 24 * 3_600_000;
const STANDING = 15 * 60_000;
const MAX_ROWS = 1_000;
/** Bytes of each section (IoT quotas, "Maximum size of a JSON state document"). */
const MAX_SECTION = 8_192;

/** Plays a proposed state against a copy of the twin. Reads only. */
export async function whatIf(input: unknown, settings: WhatIfSettings, ports: WhatIfPorts): Promise<WhatIfResult> {
  const parsed = whatIfRequestSchema.safeParse(input);
  if (!parsed.success) return refusal('INVALID', z.prettifyError(parsed.error));
  const { conditions, desired, horizonSeconds, thingName } = parsed.data;
  const found = await ports.findDevice(thingName);
  if (!found.ok) return found;
  const { deviceType } = found;
  const model = Object.hasOwn(settings.models, deviceType) ? settings.models[deviceType] : undefined;
  if (model === undefined)
    return refusal('NO_MODEL', `there is no model of ${deviceType}: configure models.${deviceType}`);
  const strange = Object.keys(conditions).filter((name) => !Object.hasOwn(model.conditions, name));
  if (strange.length > 0) {
    const known = Object.keys(model.conditions).join(', ') || 'none';
    return refusal('INVALID', `the model of ${deviceType} has no condition ${strange.join(', ')}; it has ${known}`);
  }

  const now = ports.now();
  const [document, presence, alertState, recent] = await Promise.all([
    ports.shadow(thingName, model.shadow),
    ports.shadow(thingName, PRESENCE_SHADOW),
    ports.alertState(thingName),
    ports.history.recent(thingName, Object.keys(model.measures), now - LOOK_BACK, MAX_ROWS),
  ]);
  const twin = { version: document?.version, desired: {}, reported: {}, ...document?.state };
  const problem = unwanted(model.shadow, mergeSection(twin.desired, desired));
  if (problem !== undefined) return refusal('INVALID', problem);

  const situation = {
    thingName,
    deviceType,
    model,
    rules: settings.rules[deviceType] ?? {},
    twin,
    recent: standing(recent),
    alertState,
    driftAfterSeconds: settings.driftAfterSeconds,
    now,
  };
  const outcome = play(situation, { desired, horizonSeconds, conditions });
  if ('diverges' in outcome) {
    return refusal('MODEL_DIVERGES', `the model of ${deviceType} grows without bound: ${outcome.diverges}`);
  }
  const offline = presence?.state.reported.status === 'offline';
  const notes = offline ? ['the device is offline: it would be told when it is back', ...outcome.notes] : outcome.notes;
  return { ok: true, ...outcome, notes };
}

function standing(recent: Readonly<Record<string, readonly Point[]>>): Record<string, readonly Point[]> {
  const newest = Math.max(...Object.values(recent).map((points) => points.at(-1)?.[0] ?? 0));
  return Object.fromEntries(
    Object.entries(recent).map(([name, points]) => [name, points.filter(([time]) => time >= newest - STANDING)]),
  );
}

/** Why the shadow, or its contract, would not take the state. */
function unwanted(shadow: NamedShadow, desired: ShadowDocument['state']['desired']): string | undefined {
  const checked = SHADOW_SCHEMAS[shadow].safeParse(desired);
  if (!checked.success) return `no state of ${shadow}: ${z.prettifyError(checked.error)}`;
  const size = Buffer.byteLength(JSON.stringify(desired));
  return size > MAX_SECTION ? `the desired state would have ${size} bytes; a shadow takes ${MAX_SECTION}` : undefined;
}

type Refusal = Extract<WhatIfResult, { ok: false }>;

function refusal(reason: Refusal['reason'], message: string): Refusal {
  return { ok: false, reason, message };
}
