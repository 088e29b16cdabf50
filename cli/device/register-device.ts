import { createHash, X509Certificate } from 'node:crypto';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  CreateThingCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  type IoTClient,
  paginateListPrincipalThings,
  paginateListThingPrincipals,
  RegisterCertificateCommand,
  RegisterCertificateWithoutCACommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { PlatformNames } from '@fleetwright/contracts';
import { ifThere, isNamed } from '../operator/back-off.ts';
import type { ListedDevice } from './manufacturing-list.ts';

export interface Registration {
  readonly iot: IoTClient;
  readonly names: PlatformNames;
  /** Static groups that exist, besides the stage's own. */
  readonly groupsOf: (device: ListedDevice) => readonly string[];
  /** Certificate of a CA that is registered in the account; without it certificates are registered alone. */
  readonly caPem?: string;
  /** Keeps a certificate that AWS IoT has signed for a device. */
  readonly keepCertificate: (serialNumber: string, pem: string) => void;
}

export interface Registered {
  readonly thingName: string;
  readonly certificateId: string;
  /** Nothing had to be done. */
  readonly before: boolean;
}

/**
 * Registers one device of a list: thing, certificate, groups, policy; the certificate becomes active last, so that an
 * interrupted registration leaves nothing that can connect. What is there already stays, so that a list can be
 * imported again.
 * @throws Error for a thing or certificate that is another's
 */
export async function registerDevice(device: ListedDevice, registration: Registration): Promise<Registered> {
  const { iot, names } = registration;
  const thingName = names.thingName(device.deviceType, device.serialNumber);
  await makeThing(thingName, device, registration);
  const { arn, certificateId, status } = await certificateOf(thingName, device, registration);
  const result = { thingName, certificateId };
  if (status === 'ACTIVE') return { ...result, before: true };
  if (status === 'REVOKED') throw new Error(`its certificate ${certificateId} is revoked`);
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal: arn }));
  for (const thingGroupName of [names.thingGroup, ...registration.groupsOf(device)]) {
    await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }));
  }
  for (const policyName of [names.deviceServicesPolicy, names.devicePolicy]) {
    await iot.send(new AttachPolicyCommand({ policyName, target: arn }));
  }
  await iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
  return { ...result, before: false };
}

async function makeThing(thingName: string, device: ListedDevice, { iot, names }: Registration): Promise<void> {
  const { attributes, deviceType, serialNumber, site } = device;
  const thingTypeName = names.thingType(deviceType);
  try {
    await iot.send(
      new CreateThingCommand({
        thingName,
        thingTypeName,
        attributePayload: { attributes: { ...attributes, serialNumber, site, deviceType, state: 'provisioning' } },
      }),
    );
  } catch (error) {
    if (!isNamed(error, 'ResourceAlreadyExistsException')) throw error;
    const thing = await iot.send(new DescribeThingCommand({ thingName }));
    const { site: place, state } = thing.attributes ?? {};
    if (thing.thingTypeName !== thingTypeName || place !== site) {
      throw new Error(`the thing ${thingName} exists already, as ${thing.thingTypeName ?? 'no type'} at ${place}`);
    }
    if (state === 'decommissioned') throw new Error(`the thing ${thingName} is decommissioned`);
  }
}

interface FoundCertificate {
  readonly certificateId: string;
  readonly arn: string;
  readonly status: string;
}

async function certificateOf(
  thingName: string,
  device: ListedDevice,
  registration: Registration,
): Promise<FoundCertificate> {
  const { credential } = device;
  return credential.kind === 'certificate'
    ? registeredCertificate(thingName, credential.pem, registration)
    : signedCertificate(thingName, device, registration);
}

/** AWS IoT's id of a certificate is the SHA-256 of its DER. */
async function registeredCertificate(
  thingName: string,
  pem: string,
  { caPem, iot }: Registration,
): Promise<FoundCertificate> {
  const id = createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  const known = await ifThere(() => iot.send(new DescribeCertificateCommand({ certificateId: id })));
  if (known?.certificateDescription !== undefined) {
    const { certificateArn: arn = '', status = 'INACTIVE' } = known.certificateDescription;
    for await (const { things = [] } of paginateListPrincipalThings({ client: iot }, { principal: arn })) {
      const other = things.find((name) => name !== thingName);
      if (other !== undefined) throw new Error(`its certificate is registered already, for ${other}`);
      // Attached to nothing but active: somebody else has registered it. It still has to be attached.
      if (things.includes(thingName)) return { certificateId: id, arn, status };
    }
    return { certificateId: id, arn, status: status === 'REVOKED' ? status : 'INACTIVE' };
  }
  const made =
    caPem === undefined
      ? await iot.send(new RegisterCertificateWithoutCACommand({ certificatePem: pem, status: 'INACTIVE' }))
      : await iot.send(
          new RegisterCertificateCommand({ certificatePem: pem, caCertificatePem: caPem, status: 'INACTIVE' }),
        );
  return { certificateId: made.certificateId ?? id, arn: made.certificateArn ?? '', status: 'INACTIVE' };
}

/** A certificate that an earlier import has let sign is told by its key. */
async function signedCertificate(
  thingName: string,
  { credential, serialNumber }: ListedDevice,
  { iot, keepCertificate }: Registration,
): Promise<FoundCertificate> {
  const request = derOf(credential.pem);
  for await (const { principals = [] } of paginateListThingPrincipals({ client: iot }, { thingName })) {
    for (const arn of principals.filter((principal) => principal.includes(':cert/'))) {
      const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
      const { certificateDescription } = await iot.send(new DescribeCertificateCommand({ certificateId }));
      const pem = certificateDescription?.certificatePem ?? '';
      const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
      if (!request.includes(key)) continue;
      keepCertificate(serialNumber, pem);
      return { certificateId, arn, status: certificateDescription?.status ?? 'INACTIVE' };
    }
  }
  const {
    certificateArn = '',
    certificateId = '',
    certificatePem = '',
  } = await iot.send(
    new CreateCertificateFromCsrCommand({ certificateSigningRequest: credential.pem, setAsActive: false }),
  );
  // Attached at once: what is attached is found again.
  await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
  keepCertificate(serialNumber, certificatePem);
  return { certificateId, arn: certificateArn, status: 'INACTIVE' };
}

function derOf(pem: string): Buffer {
  return Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
}
