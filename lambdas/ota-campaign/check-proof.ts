import { verify } from 'node:crypto';
import { type UpdateDetails, updateProofText } from '@fleetwright/contracts';

export type ProofVerdict = 'valid' | 'invalid' | 'missing';

/**
 * Whether a device's last report was signed with the key of one of its certificates, for this job and no other.
 * @param publicKeysPem SubjectPublicKeyInfo or certificates, PEM
 */
export function checkProof(
  details: UpdateDetails,
  job: { readonly thingName: string; readonly jobId: string; readonly nonce: string },
  publicKeysPem: readonly string[],
): ProofVerdict {
  const { proof, firmware, slot, imageSha256 } = details;
  if (proof === undefined || firmware === undefined || slot === undefined || imageSha256 === undefined)
    return 'missing';
  const text = Buffer.from(updateProofText({ ...job, firmware, slot, imageSha256 }));
  const signature = Buffer.from(proof, 'base64');
  return publicKeysPem.some((key) => verifies(text, key, signature)) ? 'valid' : 'invalid';
}

function verifies(text: Buffer, key: string, signature: Buffer): boolean {
  try {
    return verify('sha256', text, key, signature);
  } catch {
    // A key of another kind than the contract of the proof knows.
    return false;
  }
}
