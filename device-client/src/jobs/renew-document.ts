import { type JobDocument, jobDocumentSchema } from '@fleetwright/contracts';
import { backoffDelay } from '../backoff.ts';
import { DeviceError } from '../errors.ts';
import { orderDigest } from '../replay/order-digest.ts';
import type { DeliveryPorts } from './deliver-result.ts';
import type { ExecutionRecord } from './execution-record.ts';
import { JobStopped } from './job-handler.ts';
import { JobsServiceError } from './jobs-service.ts';
import { RETRY } from './progress-reporter.ts';

/**
 * The document of a running execution as the cloud describes it now.
 * @throws JobStopped when the signal aborts, or when the cloud knows the execution as running no more
 * @throws DeviceError `INPUT_INVALID` when it is another document than was begun
 */
export async function renewDocument(
  { document, executionNumber, jobId }: ExecutionRecord & { readonly document: JobDocument },
  { bell, connected, log, random, service, signal }: DeliveryPorts,
): Promise<JobDocument> {
  for (let attempt = 0; !signal.aborted; ) {
    if (!connected()) {
      await bell.wait(signal);
      continue;
    }
    try {
      const described = await service.describe(jobId, executionNumber);
      signal.throwIfAborted();
      const parsed = jobDocumentSchema.safeParse(described.document);
      if (parsed.success && orderDigest(parsed.data) === orderDigest(document)) return parsed.data;
      throw new DeviceError('INPUT_INVALID', `job ${jobId} is described with another document than it was begun with`);
    } catch (error) {
      if (!(error instanceof JobsServiceError)) throw error;
      if (error.code !== 'UNAVAILABLE') throw new JobStopped('cancelled', `job ${jobId}: ${error.message}`);
      log.warn('the document of a job is asked for again', { jobId, reason: error.message });
      await bell.wait(signal, backoffDelay(RETRY, attempt++, random()));
    }
  }
  throw signal.reason;
}
