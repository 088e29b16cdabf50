import { type DeviceUpdate, type ReleaseRecord, type UpdateDetails, updateDetailsSchema } from '@fleetwright/contracts';
import { checkProof } from './check-proof.ts';

/** An execution of a wave's job that has ended, as AWS IoT Jobs tells of it. */
export interface EndedExecution {
  readonly status: 'SUCCEEDED' | 'FAILED' | 'REJECTED' | 'TIMED_OUT' | 'REMOVED' | 'CANCELED';
  readonly details: Readonly<Record<string, string>>;
}

export interface SettleContext {
  readonly jobId: string;
  readonly nonce: string;
  readonly release: Pick<ReleaseRecord, 'version' | 'image'>;
  readonly requireProof: boolean;
  readonly publicKeysPem: readonly string[];
  readonly now: number;
}

/** What has become of a device: a success is one only when it runs the release, and can prove it where that is asked for. */
export function settleDevice(device: DeviceUpdate, execution: EndedExecution, context: SettleContext): DeviceUpdate {
  const { jobId, nonce, release, now } = context;
  const parsed = updateDetailsSchema.safeParse(execution.details);
  const details: UpdateDetails = parsed.success ? parsed.data : {};
  const proof = checkProof(details, { thingName: device.thingName, jobId, nonce }, context.publicKeysPem);
  const told = {
    ...device,
    changedAt: now,
    jobId,
    proof,
    ...(details.firmware !== undefined && { firmware: details.firmware }),
    ...(details.slot !== undefined && { slot: details.slot }),
    ...(details.detail !== undefined && { detail: details.detail }),
  };
  const { status } = execution;
  if (status === 'REMOVED' || status === 'CANCELED') return { ...told, outcome: 'missed', reason: status };
  if (status !== 'SUCCEEDED') return { ...told, outcome: 'failed', reason: details.reason ?? status };
  if (proof === 'invalid') return { ...told, outcome: 'failed', reason: 'PROOF_INVALID' };
  if (proof === 'missing') {
    return context.requireProof
      ? { ...told, outcome: 'failed', reason: 'PROOF_MISSING' }
      : { ...told, outcome: 'succeeded' };
  }
  const runs = details.firmware === release.version && details.imageSha256 === release.image.sha256;
  return runs ? { ...told, outcome: 'succeeded' } : { ...told, outcome: 'failed', reason: 'ANOTHER_IMAGE_RUNS' };
}
