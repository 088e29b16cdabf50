import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { IoTClient } from '@aws-sdk/client-iot';
import { TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import type { LifeResult } from '@fleetwright/contracts';
import { readEnvironment } from '../shared/environment.ts';
import { findDeviceType } from '../shared/find-device.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { readSettings } from '../shared/settings-file.ts';
import { timestreamHistory } from '../shared/timestream-history.ts';
import { type LifePorts, lifeOf } from './estimate-life.ts';
import { environmentSchema, settingsSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const { life } = readSettings(settingsSchema);
const registry = new IoTClient({});

const ports: LifePorts = {
  now: Date.now,
  findDevice: (thingName) => findDeviceType(registry, environment.THING_NAME_PREFIX, thingName),
  history: timestreamHistory(new TimestreamQueryClient({}), {
    database: environment.DATABASE_NAME,
    telemetryTable: environment.TELEMETRY_TABLE,
    healthTable: environment.HEALTH_TABLE,
  }),
};

export const handler = observed<unknown, LifeResult>(async (event) => {
  const result = await lifeOf(event, life, ports);
  metrics.addMetric(result.ok ? 'livesEstimated' : 'lifeEstimatesRefused', MetricUnit.Count, 1);
  if (!result.ok) logger.warn('estimate refused', { reason: result.reason });
  return result;
});
