import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { GetThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import type { WhatIfResult } from '@fleetwright/contracts';
import { alertStateTable } from '../shared/alert-state-table.ts';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { errorName } from '../shared/errors.ts';
import { findDeviceType } from '../shared/find-device.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { readSettings } from '../shared/settings-file.ts';
import { timestreamHistory } from '../shared/timestream-history.ts';
import { environmentSchema, settingsSchema, shadowDocumentSchema } from './schema.ts';
import { type WhatIfPorts, whatIf } from './what-if.ts';

const environment = readEnvironment(environmentSchema);
const settings = { ...readSettings(settingsSchema), driftAfterSeconds: environment.DRIFT_AFTER_SECONDS };
const registry = new IoTClient({});
const shadows = dataPlane(registry);
const { ALERT_TABLE: alertTable } = environment;
const alertStates = alertTable === undefined ? undefined : alertStateTable(new DynamoDBClient({}), alertTable);

const ports: WhatIfPorts = {
  now: Date.now,
  findDevice: (thingName) => findDeviceType(registry, environment.THING_NAME_PREFIX, thingName),
  async shadow(thingName, shadowName) {
    const client = await shadows();
    try {
      const { payload } = await client.send(new GetThingShadowCommand({ thingName, shadowName }));
      return shadowDocumentSchema.parse(JSON.parse(Buffer.from(payload ?? []).toString('utf8')));
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  },
  alertState: async (thingName) => (await alertStates?.load(thingName))?.state ?? {},
  history: timestreamHistory(new TimestreamQueryClient({}), {
    database: environment.DATABASE_NAME,
    telemetryTable: environment.TELEMETRY_TABLE,
    healthTable: environment.HEALTH_TABLE,
  }),
};

export const handler = observed<unknown, WhatIfResult>(async (event) => {
  const result = await whatIf(event, settings, ports);
  metrics.addMetric(result.ok ? 'whatIfsPlayed' : 'whatIfsRefused', MetricUnit.Count, 1);
  if (!result.ok) logger.warn('what-if refused', { reason: result.reason });
  return result;
});
