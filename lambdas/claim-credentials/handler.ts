import { setTimeout as pause } from 'node:timers/promises';
import { IoTClient } from '@aws-sdk/client-iot';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { z } from 'zod';
import { FunctionError, messageOf } from '../shared/errors.ts';
import { logger, observed } from '../shared/observability.ts';
import { answerCloudFormation, type Outcome } from './answer-cloudformation.ts';
import { claimRegistry } from './claim-registry.ts';
import { claimVault } from './claim-vault.ts';
import { type ClaimPorts, manageClaim, NOTHING_CREATED } from './manage-claim.ts';
import { answerableSchema, requestSchema } from './schema.ts';

const ports: ClaimPorts = { ...claimRegistry(new IoTClient({}), pause), ...claimVault(new SecretsManagerClient({})) };

/** Left of the function's time, in ms, when a request that hangs is answered with FAILED. */
const ANSWER_RESERVE = 10_000;

export const handler = observed<unknown, void>(async (event, context) => {
  const answerable = answerableSchema.safeParse(event);
  if (!answerable.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(answerable.error));
  const request = answerable.data;
  const limit = Math.max(1, context.getRemainingTimeInMillis() - ANSWER_RESERVE);
  const outcome = await Promise.race([
    run(event, request.PhysicalResourceId),
    outOfTime(limit, request.PhysicalResourceId),
  ]);
  logger.info('claim request', {
    logicalId: request.LogicalResourceId,
    status: outcome.status,
    id: outcome.physicalResourceId,
  });
  await answerCloudFormation(request, outcome, { put, pause });
});

async function run(event: unknown, previousId: string | undefined): Promise<Outcome> {
  try {
    const parsed = requestSchema.safeParse(event);
    if (!parsed.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(parsed.error));
    const { physicalResourceId, certificateArn } = await manageClaim(parsed.data, ports);
    const data = certificateArn === undefined ? undefined : { CertificateArn: certificateArn };
    return { status: 'SUCCESS', physicalResourceId, data: { CertificateId: physicalResourceId, ...data } };
  } catch (error) {
    logger.error('claim request failed', { reason: messageOf(error) });
    return { status: 'FAILED', physicalResourceId: previousId ?? NOTHING_CREATED, reason: messageOf(error) };
  }
}

async function outOfTime(milliseconds: number, previousId: string | undefined): Promise<Outcome> {
  await pause(milliseconds, undefined, { ref: false });
  return { status: 'FAILED', physicalResourceId: previousId ?? NOTHING_CREATED, reason: 'out of time' };
}

async function put(url: string, body: Uint8Array): Promise<number> {
  const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.status;
}
