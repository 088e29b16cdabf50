import { FunctionError, messageOf } from '../errors.ts';
import type { Answerable } from './request.ts';

export type Outcome =
  | { readonly status: 'SUCCESS'; readonly physicalResourceId: string; readonly data: Readonly<Record<string, string>> }
  | { readonly status: 'FAILED'; readonly physicalResourceId: string; readonly reason: string };

export interface AnswerPorts {
  /** PUTs bytes without a content type, which the signature of the URL does not allow. Resolves to the status code. */
  put(url: string, body: Uint8Array): Promise<number>;
  pause(milliseconds: number): Promise<void>;
}

const ATTEMPTS = 4;
const PAUSE = 500;
/** The whole answer must stay below 4,096 bytes (CloudFormation user guide, "Custom resource response objects"). */
const MAX_REASON = 1_000;

/**
 * Tells CloudFormation how a request ended. Without an answer the stack waits until the service timeout.
 * @throws FunctionError `RESPONSE_NOT_DELIVERED` when no attempt reached it
 */
export async function answerCloudFormation(request: Answerable, outcome: Outcome, ports: AnswerPorts): Promise<void> {
  const body = Buffer.from(
    JSON.stringify({
      Status: outcome.status,
      Reason: outcome.status === 'FAILED' ? outcome.reason.slice(0, MAX_REASON) : 'done',
      PhysicalResourceId: outcome.physicalResourceId,
      StackId: request.StackId,
      RequestId: request.RequestId,
      LogicalResourceId: request.LogicalResourceId,
      NoEcho: true,
      Data: outcome.status === 'SUCCESS' ? outcome.data : {},
    }),
  );
  let last = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    try {
      const status = await ports.put(request.ResponseURL, body);
      if (status >= 200 && status < 300) return;
      last = `status ${status}`;
    } catch (error) {
      last = messageOf(error);
    }
    if (attempt < ATTEMPTS) await ports.pause(PAUSE * attempt);
  }
  throw new FunctionError('RESPONSE_NOT_DELIVERED', `CloudFormation took no answer in ${ATTEMPTS} attempts: ${last}`);
}
