import * as z from 'zod';
import { reasonOf } from '../../errors.ts';
import type { JobHandler } from '../job-handler.ts';

/** What changes the device's certificate: the identity's part of the agent. */
export interface RotationPort {
  /** Of the certificate that the device connects with now. */
  certificateId(): string;
  /**
   * Changes it. The agent stops and starts its features on the way, so its caller may never see it resolve; asked again
   * while a rotation is under way, it follows that one.
   * @throws Error when the device stays with its old certificate
   */
  rotate(reason: 'asked', signal: AbortSignal): Promise<void>;
}

const progressSchema = z.object({ from: z.string() });

/** Succeeded when the device has another certificate than at the beginning. */
export function rotateCertificateHandler(port: RotationPort): JobHandler<'rotate-certificate'> {
  return {
    operation: 'rotate-certificate',
    async run({ keep, progress, report, signal }) {
      const begun = progressSchema.safeParse(progress);
      const from = begun.success ? begun.data.from : port.certificateId();
      if (!begun.success) keep({ from });
      if (port.certificateId() === from) {
        report({ stage: 'rotating' });
        try {
          await untilAborted(port.rotate('asked', signal), signal);
        } catch (error) {
          return { status: 'failed', details: { reason: 'ROTATION_FAILED', detail: reasonOf(error) } };
        }
      }
      const certificateId = port.certificateId();
      if (certificateId !== from) return { status: 'succeeded', details: { certificateId, replaced: from } };
      return { status: 'failed', details: { reason: 'ROTATION_FAILED', detail: 'the certificate is the same' } };
    },
  };
}

/** The agent waits for this handler to end before it goes on with the rotation that this handler waits for. */
function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
