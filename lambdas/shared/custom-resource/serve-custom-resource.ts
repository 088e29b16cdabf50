import { setTimeout as pause } from 'node:timers/promises';
import * as z from 'zod';
import { FunctionError, messageOf } from '../errors.ts';
import { type InvocationContext, logger } from '../observability.ts';
import { answerCloudFormation, type Outcome } from './answer-cloudformation.ts';
import { answerableSchema } from './request.ts';

export interface CustomResourceResult {
  /** When it changes, CloudFormation deletes what had the one before, after the whole update succeeded. */
  readonly physicalResourceId: string;
  /** Attributes for `Fn::GetAtt`. */
  readonly data?: Readonly<Record<string, string>>;
}

export interface CustomResource<Request> {
  readonly schema: z.ZodType<Request>;
  /** Physical id in the answer to a create that failed: the delete that follows finds nothing to do. */
  readonly nothingCreated: string;
  handle(request: Request): Promise<CustomResourceResult>;
}

/** Left of the function's time, in ms, when a request that hangs is answered with FAILED. */
const ANSWER_RESERVE = 10_000;

/**
 * Serves one request of CloudFormation: whatever happens, it gets an answer.
 * @throws FunctionError `EVENT_INVALID` for an event that nobody could answer, `RESPONSE_NOT_DELIVERED`
 */
export async function serveCustomResource<Request>(
  event: unknown,
  context: InvocationContext,
  resource: CustomResource<Request>,
): Promise<void> {
  const answerable = answerableSchema.safeParse(event);
  if (!answerable.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(answerable.error));
  const request = answerable.data;
  const previousId = request.PhysicalResourceId ?? resource.nothingCreated;
  const limit = Math.max(1, context.getRemainingTimeInMillis() - ANSWER_RESERVE);
  const outcome = await Promise.race([run(event, previousId, resource), outOfTime(limit, previousId)]);
  logger.info('custom resource', {
    logicalId: request.LogicalResourceId,
    status: outcome.status,
    id: outcome.physicalResourceId,
  });
  await answerCloudFormation(request, outcome, { put, pause });
}

async function run<Request>(event: unknown, previousId: string, resource: CustomResource<Request>): Promise<Outcome> {
  try {
    const parsed = resource.schema.safeParse(event);
    if (!parsed.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(parsed.error));
    const { physicalResourceId, data = {} } = await resource.handle(parsed.data);
    return { status: 'SUCCESS', physicalResourceId, data };
  } catch (error) {
    logger.error('custom resource failed', { reason: messageOf(error) });
    return { status: 'FAILED', physicalResourceId: previousId, reason: messageOf(error) };
  }
}

async function outOfTime(milliseconds: number, previousId: string): Promise<Outcome> {
  await pause(milliseconds, undefined, { ref: false });
  return { status: 'FAILED', physicalResourceId: previousId, reason: 'out of time' };
}

async function put(url: string, body: Uint8Array): Promise<number> {
  const response = await fetch(url, { method: 'PUT', body, signal: AbortSignal.timeout(5_000) });
  await response.arrayBuffer();
  return response.status;
}
