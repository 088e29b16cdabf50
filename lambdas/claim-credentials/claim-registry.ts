import {
  AttachPolicyCommand,
  CreateKeysAndCertificateCommand,
  DeleteCertificateCommand,
  DetachPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { errorName, FunctionError } from '../shared/errors.ts';
import type { ClaimPorts } from './manage-claim.ts';

/** Deleting right after detaching may still meet the attachment (IoT API reference, DeleteCertificate). */
const DELETE_ATTEMPTS = 5;
const DELETE_PAUSE = 1_000;

const GONE = 'ResourceNotFoundException';

/** The certificate side of the ports, on AWS IoT. */
export function claimRegistry(
  iot: IoTClient,
  pause: (milliseconds: number) => Promise<void>,
): Pick<ClaimPorts, 'createCertificate' | 'attachPolicy' | 'activate' | 'withdraw'> {
  return {
    async createCertificate() {
      const made = await iot.send(new CreateKeysAndCertificateCommand({ setAsActive: false }));
      const { certificateId, certificateArn, certificatePem, keyPair } = made;
      const privateKeyPem = keyPair?.PrivateKey;
      if (!certificateId || !certificateArn || !certificatePem || !privateKeyPem) {
        throw new FunctionError('CLAIM_CONFLICT', 'AWS IoT answered without a certificate or key');
      }
      return { certificateId, certificateArn, certificatePem, privateKeyPem };
    },
    async attachPolicy(target, policyName) {
      await iot.send(new AttachPolicyCommand({ target, policyName }));
    },
    async activate(certificateId) {
      try {
        await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
        return true;
      } catch (error) {
        if (errorName(error) === GONE) return false;
        throw error;
      }
    },
    async withdraw(certificateId, target) {
      try {
        await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'INACTIVE' }));
        const { policies } = await iot.send(new ListAttachedPoliciesCommand({ target, recursive: false }));
        for (const { policyName } of policies ?? []) await iot.send(new DetachPolicyCommand({ target, policyName }));
        await deleteCertificate(iot, certificateId, pause);
      } catch (error) {
        if (errorName(error) !== GONE) throw error;
      }
    },
  };
}

async function deleteCertificate(
  iot: IoTClient,
  certificateId: string,
  pause: (milliseconds: number) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await iot.send(new DeleteCertificateCommand({ certificateId }));
      return;
    } catch (error) {
      if (errorName(error) !== 'DeleteConflictException' || attempt === DELETE_ATTEMPTS) throw error;
      await pause(DELETE_PAUSE * attempt);
    }
  }
}
