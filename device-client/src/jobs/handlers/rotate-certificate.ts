import { createHash } from 'node:crypto';
import { reasonOf } from '../../errors.ts';
import type { JobHandler } from '../job-handler.ts';

/** What changes the device's certificate: `Device`. */
export interface RotationPort {
  /**
   * The same request id (32 hexadecimal digits) again is the same rotation, also after a restart. It stops and starts the
   * agent's features on the way, so a feature that waits for it may never see it end, and asks again when it has started.
   * @throws DeviceError when another rotation is under way
   */
  rotateCertificate(
    reason: 'asked',
    requestId: string,
  ): Promise<{ readonly result: 'completed' | 'failed'; readonly detail?: string | undefined }>;
}

/** Changes the device's certificate once in an execution. */
export function rotateCertificateHandler(port: RotationPort): JobHandler<'rotate-certificate'> {
  return {
    operation: 'rotate-certificate',
    async run({ document, executionNumber, jobId, report, signal }) {
      const order = `${jobId}/${executionNumber}/${document.nonce}`;
      const requestId = createHash('sha256').update(order).digest('hex').slice(0, 32);
      report({ stage: 'rotating' });
      try {
        const { detail, result } = await untilAborted(port.rotateCertificate('asked', requestId), signal);
        if (result === 'completed') return { status: 'succeeded' };
        return { status: 'failed', details: { reason: 'ROTATION_FAILED', detail } };
      } catch (error) {
        return { status: 'failed', details: { reason: 'ROTATION_FAILED', detail: reasonOf(error) } };
      }
    },
  };
}

/** The agent waits for this handler to end before it goes on with the rotation that this handler waits for. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
