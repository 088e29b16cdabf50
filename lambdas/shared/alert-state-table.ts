import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  alertSchema,
  type DeviceAlertState,
  deviceAlertStateSchema,
  type TelemetryAlert,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { stateTable } from './state-table.ts';
import type { TrackingPorts } from './tracked-state.ts';

/**
 * Seconds for which a calm device is remembered: longer than any queue brings a message again, so that one that comes
 * twice raises nothing twice.
 */
const CALM_KEPT = 15 * 86_400;

const telemetryAlertSchema = alertSchema.transform((alert, context): TelemetryAlert => {
  if (alert.kind === 'telemetry') return alert;
  context.addIssue({ code: 'custom', message: 'is no alert on telemetry' });
  return z.NEVER;
});

/** What is remembered of each device's alert rules. Key: the thing's name. */
export function alertStateTable(
  client: DynamoDBClient,
  tableName: string,
): Pick<TrackingPorts<DeviceAlertState, TelemetryAlert>, 'load' | 'save'> {
  return stateTable<DeviceAlertState, TelemetryAlert>({
    client,
    tableName,
    keyOf: (thingName) => ({ thingName }),
    state: deviceAlertStateSchema,
    output: telemetryAlertSchema,
    expiresAt(state) {
      const rules = Object.values(state);
      if (rules.some(({ phase }) => phase !== 'calm')) return undefined;
      return Math.ceil(Math.max(0, ...rules.map(({ seen }) => seen)) / 1_000) + CALM_KEPT;
    },
  });
}
