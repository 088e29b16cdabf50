import { type JobDocument, jobDocumentSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { orderDigest } from '../replay/order-digest.ts';
import type { ReplayGuard } from '../replay/replay-guard.ts';
import type { FinalResult } from './execution-record.ts';
import type { DescribedExecution } from './jobs-service.ts';

export type ExecutionVerdict =
  | { readonly accepted: true; readonly document: JobDocument }
  | { readonly accepted: false; readonly result: FinalResult };

/** Whether a new execution may be begun: its document is valid, of an operation that this device has, and neither old, repeated nor foreign. */
export function judgeExecution(
  { document, jobId, thingName }: DescribedExecution,
  operations: ReadonlySet<string>,
  guard: ReplayGuard,
): ExecutionVerdict {
  const parsed = jobDocumentSchema.safeParse(document);
  if (!parsed.success) {
    const operation = (document as { operation?: unknown } | null | undefined)?.operation;
    return reject('DOCUMENT_INVALID', z.prettifyError(parsed.error), operation);
  }
  const { expiresAt, issuedAt, nonce, operation } = parsed.data;
  if (!operations.has(operation)) {
    return reject('UNSUPPORTED_OPERATION', `this device cannot do '${operation}'`, operation);
  }
  const ticket = { subject: jobId, nonce, digest: orderDigest(parsed.data), issuedAt, expiresAt, addressee: thingName };
  const verdict = guard.admit(ticket);
  if (verdict.admitted) return { accepted: true, document: parsed.data };
  return reject(verdict.reason, verdict.detail, operation);
}

function reject(reason: string, detail: string, operation: unknown): ExecutionVerdict {
  // An update is followed by its stages (contracts, `updateDetailsSchema`).
  const stage = operation === 'update' ? { stage: 'refused' } : {};
  return { accepted: false, result: { status: 'REJECTED', details: { ...stage, reason, detail } } };
}
