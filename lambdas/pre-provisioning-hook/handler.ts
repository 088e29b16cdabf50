import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readEnvironment } from '../shared/environment.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { readAdmission } from '../shared/read-admission.ts';
import { decideProvisioning } from './decide-provisioning.ts';
import { environmentSchema, type HookResponse } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  admission: environment.ADMISSION,
  sites: environment.SITES,
  deviceTypes: environment.DEVICE_TYPES,
  templateArn: environment.TEMPLATE_ARN,
};
const dynamodb = new DynamoDBClient({ maxAttempts: 2 });

/** AWS IoT waits 5 s, cold start included. The table gets this long, in ms, and the device an answer either way. */
const LOOKUP_LIMIT = 2_500;
const ANSWER_RESERVE = 500;

export const handler = observed<unknown, HookResponse>(async (event, context) => {
  const limit = Math.max(1, Math.min(LOOKUP_LIMIT, context.getRemainingTimeInMillis() - ANSWER_RESERVE));
  const decision = await decideProvisioning(event, settings, {
    findAdmission: (serialNumber) => readAdmission(dynamodb, environment.ADMISSIONS_TABLE, serialNumber, limit),
  });
  metrics.addMetric(decision.allowed ? 'devicesAllowed' : 'devicesRefused', MetricUnit.Count, 1);
  if (decision.allowed) logger.info('device allowed', { decision });
  else logger.warn('device refused', { decision });
  return { allowProvisioning: decision.allowed };
});
