import { LIFECYCLE_ATTRIBUTE } from '@fleetwright/contracts';
import { type CertificateDesk, publicKeyOf } from './certificate-desk.ts';
import type { CurrentRotation, RotationState } from './follow-rotation.ts';
import { checkSigningRequest } from './signing-request.ts';

export type SigningResult =
  | { readonly kind: 'issued'; readonly certificateId: string; readonly certificatePem: string }
  | ({ readonly kind: 'refused' } & Refusal);

type Refusal = NonNullable<CurrentRotation['refusal']>;

/** What a new certificate asks for before it is made: who asks, and for which key. */
async function refusalOf(
  desk: CertificateDesk,
  { address }: RotationState,
  { csrPem, known = [], oldId }: CurrentRotation,
): Promise<Refusal | { publicKey: Buffer; certificateIds: readonly string[] }> {
  const notAllowed = (message: string) => ({ code: 'NOT_ALLOWED', message }) as const;
  const thing = await desk.thing(address.thingName);
  if (thing === undefined) return notAllowed('there is no such thing');
  const { [LIFECYCLE_ATTRIBUTE]: state, deviceType, site } = thing.attributes;
  if (site !== address.site || deviceType !== address.deviceType) return notAllowed('the thing is of another place');
  if (state === 'decommissioned') return notAllowed('the device is decommissioned');
  if (!thing.certificateIds.includes(oldId)) return notAllowed('it was asked for over a certificate of another thing');
  const old = await desk.certificate(oldId);
  if (old?.status !== 'ACTIVE') return notAllowed('the certificate that it was asked for over is not active');
  const things = await desk.thingsOf(oldId);
  if (things.some((name) => name !== address.thingName)) return notAllowed('other things use its certificate too');
  const request = checkSigningRequest(csrPem);
  if (!request.ok) return { code: 'CSR_INVALID', message: request.problem };
  for (const id of known) {
    const other = id === oldId ? old : await desk.certificate(id);
    if (other !== undefined && request.publicKey.equals(publicKeyOf(other.pem))) {
      return { code: 'CSR_INVALID', message: 'its key is that of a certificate in use' };
    }
  }
  return { publicKey: request.publicKey, certificateIds: unknownOf(thing.certificateIds, known) };
}

/**
 * Makes the new certificate, or finds the one that an interrupted attempt has made, and gives it what the old one has;
 * it becomes active last.
 */
export async function makeCertificate(
  desk: CertificateDesk,
  state: RotationState,
  current: CurrentRotation,
): Promise<SigningResult> {
  const checked = await refusalOf(desk, state, current);
  if ('code' in checked) return { kind: 'refused', ...checked };
  const { thingName } = state.address;
  const made =
    (await findByKey(desk, checked.certificateIds, checked.publicKey)) ?? (await desk.sign(current.csrPem, thingName));
  for (const policyName of await desk.policiesOf(current.oldId))
    await desk.attachPolicy(policyName, made.certificateId);
  await desk.setStatus(made.certificateId, 'ACTIVE');
  // A device that was revoked or decommissioned meanwhile must not live on in the new certificate.
  const old = await desk.certificate(current.oldId);
  if (old?.status === 'ACTIVE') return { kind: 'issued', ...made };
  return { kind: 'refused', code: 'NOT_ALLOWED', message: 'the old certificate is not active any more' };
}

/** The certificate that an attempt has made and not told of. */
export async function findHalfMade(
  desk: CertificateDesk,
  { address }: RotationState,
  { csrPem, known }: CurrentRotation,
): Promise<{ certificateId: string; certificatePem: string } | undefined> {
  const request = checkSigningRequest(csrPem);
  // Nothing is signed before it is kept what there was.
  if (known === undefined || !request.ok) return undefined;
  const thing = await desk.thing(address.thingName);
  return findByKey(desk, unknownOf(thing?.certificateIds ?? [], known), request.publicKey);
}

/**
 * Takes the old certificate out of use.
 * @returns false when the new one is not active, which leaves the old one as it is
 */
export async function retireOld(
  desk: CertificateDesk,
  { address: { thingName } }: RotationState,
  { issued, oldId }: CurrentRotation,
): Promise<boolean> {
  const successor = issued && (await desk.certificate(issued.certificateId));
  if (successor?.status !== 'ACTIVE') return false;
  await takeOutOfUse(desk, thingName, oldId);
  return true;
}

export type Withdrawal =
  | { readonly kind: 'withdrawn'; readonly certificateId: string | undefined }
  /** The old certificate is of no use to the device any more. */
  | { readonly kind: 'needed' };

/**
 * Takes the new certificate out of use, if the device has the old one to go on with. A revoked old certificate takes its
 * successor along: revoking is meant to end the device's access.
 * @returns false when the old certificate is of no use to the device any more: then the new one stays
 */
export async function withdrawNew(
  desk: CertificateDesk,
  { address: { thingName } }: RotationState,
  { issued, oldId, reason }: CurrentRotation,
  now: number,
): Promise<boolean> {
  if (issued === undefined) return true;
  const thing = await desk.thing(thingName);
  const old = await desk.certificate(oldId);
  const usable =
    old?.status === 'ACTIVE' &&
    (old.notAfter ?? Number.POSITIVE_INFINITY) > now &&
    thing?.certificateIds.includes(oldId) === true;
  if (!usable && reason !== 'REFUSED' && old?.status !== 'REVOKED' && thing !== undefined) return false;
  await takeOutOfUse(desk, thingName, issued.certificateId);
  return true;
}

/**
 * Deletes a certificate whose time out of use is over.
 * @returns false when somebody has taken it into use again, or revoked it for the record: then it stays
 */
export async function deleteRetired(desk: CertificateDesk, certificateId: string): Promise<boolean> {
  const known = await desk.certificate(certificateId);
  if (known === undefined) return true;
  if (known.status !== 'INACTIVE') return false;
  if ((await desk.thingsOf(certificateId)).length > 0 || (await desk.policiesOf(certificateId)).length > 0)
    return false;
  await desk.delete(certificateId);
  return true;
}

/** Inactive first, so that nothing connects with it from then on. What is revoked stays revoked. */
async function takeOutOfUse(desk: CertificateDesk, thingName: string, certificateId: string): Promise<void> {
  const known = await desk.certificate(certificateId);
  if (known === undefined) return;
  if (known.status !== 'REVOKED') await desk.setStatus(certificateId, 'INACTIVE');
  await desk.detach(certificateId, thingName);
}

function unknownOf(certificateIds: readonly string[], known: readonly string[]): string[] {
  return certificateIds.filter((id) => !known.includes(id));
}

async function findByKey(
  desk: CertificateDesk,
  certificateIds: readonly string[],
  publicKey: Buffer,
): Promise<{ certificateId: string; certificatePem: string } | undefined> {
  for (const certificateId of certificateIds) {
    const known = await desk.certificate(certificateId);
    if (known === undefined || known.status === 'REVOKED' || !publicKeyOf(known.pem).equals(publicKey)) continue;
    return { certificateId, certificatePem: known.pem };
  }
  return undefined;
}
