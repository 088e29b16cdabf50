import { X509Certificate } from 'node:crypto';
import { deviceTypeGroupName, serialNumberSchema, siteGroupName } from '@fleetwright/contracts';
import { messageOf } from '../shared/errors.ts';
import type { Admission } from '../shared/read-admission.ts';
import type { Registration } from './schema.ts';

export interface NewThing {
  readonly thingName: string;
  readonly thingTypeName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface RegistrationPorts {
  /** Undefined: there is none. */
  certificate(certificateId: string): Promise<{ readonly status: string; readonly pem: string } | undefined>;
  findAdmission(serialNumber: string): Promise<Admission | undefined>;
  /** @returns the thing of that name that is there already, or nothing */
  makeThing(thing: NewThing): Promise<Omit<NewThing, 'thingName'> | undefined>;
  attachThing(thingName: string, certificateId: string): Promise<void>;
  joinGroup(thingName: string, thingGroupName: string): Promise<void>;
  attachPolicy(policyName: string, certificateId: string): Promise<void>;
  activate(certificateId: string): Promise<void>;
}

export interface RegistrationSettings {
  readonly admission: 'open' | 'list';
  readonly sites: ReadonlySet<string>;
  readonly deviceTypes: ReadonlySet<string>;
  /** Project and stage: name of the stage's group, and beginning of all other names. */
  readonly topicRoot: string;
  readonly policies: ReadonlySet<string>;
}

export type RegistrationRefusal =
  | 'SUBJECT_INVALID'
  | 'DENIED'
  | 'NOT_LISTED'
  | 'SITE_NOT_CONFIGURED'
  | 'DEVICE_TYPE_NOT_CONFIGURED'
  | 'DECOMMISSIONED'
  | 'THING_IS_ANOTHER';

export type RegistrationOutcome =
  | { readonly kind: 'registered'; readonly thingName: string }
  /** The certificate is gone, or somebody has decided about it. */
  | { readonly kind: 'not-pending'; readonly status: string | undefined }
  | { readonly kind: 'refused'; readonly refusal: RegistrationRefusal; readonly detail: string };

/**
 * Registers the device of a certificate that a customer's CA has signed and AWS IoT has put on hold (developer guide,
 * "Just-in-time registration"). The certificate becomes active last, so that an interrupted registration leaves nothing
 * that can connect; what is refused stays on hold, and is looked at again when its device tries again.
 */
export async function registerDevice(
  { certificateId, ...place }: Registration,
  settings: RegistrationSettings,
  ports: RegistrationPorts,
): Promise<RegistrationOutcome> {
  const certificate = await ports.certificate(certificateId);
  if (certificate?.status !== 'PENDING_ACTIVATION') return { kind: 'not-pending', status: certificate?.status };
  const serialNumber = serialNumberOf(certificate.pem);
  if (serialNumber === undefined) return refused('SUBJECT_INVALID', 'its common name is no serial number');
  const admission = await ports.findAdmission(serialNumber);
  if (admission?.status === 'denied') return refused('DENIED', serialNumber);
  if (admission === undefined && settings.admission === 'list') return refused('NOT_LISTED', serialNumber);
  const site = admission?.site ?? place.site;
  const deviceType = admission?.deviceType ?? place.deviceType;
  if (!settings.sites.has(site)) return refused('SITE_NOT_CONFIGURED', site);
  if (!settings.deviceTypes.has(deviceType)) return refused('DEVICE_TYPE_NOT_CONFIGURED', deviceType);

  const { topicRoot } = settings;
  const thingName = `${topicRoot}-${deviceType}-${serialNumber}`;
  const thingTypeName = `${topicRoot}-${deviceType}`;
  const attributes = { serialNumber, site, deviceType, state: 'provisioning' };
  const there = await ports.makeThing({ thingName, thingTypeName, attributes });
  if (there?.attributes.state === 'decommissioned') return refused('DECOMMISSIONED', thingName);
  if (there !== undefined && (there.thingTypeName !== thingTypeName || there.attributes.site !== site)) {
    return refused('THING_IS_ANOTHER', `${thingName} is ${there.thingTypeName} at ${there.attributes.site}`);
  }
  await ports.attachThing(thingName, certificateId);
  const groups = [topicRoot, siteGroupName(topicRoot, site), deviceTypeGroupName(topicRoot, deviceType)];
  for (const group of groups) await ports.joinGroup(thingName, group);
  for (const policyName of settings.policies) await ports.attachPolicy(policyName, certificateId);
  await ports.activate(certificateId);
  return { kind: 'registered', thingName };
}

function refused(refusal: RegistrationRefusal, detail: string): RegistrationOutcome {
  return { kind: 'refused', refusal, detail };
}

/** The one common name of the subject, where it is a serial number. Node escapes control characters in a subject. */
function serialNumberOf(pem: string): string | undefined {
  const names = subjectOf(pem)
    .split('\n')
    .filter((line) => line.startsWith('CN='));
  const parsed = serialNumberSchema.safeParse(names[0]?.slice('CN='.length));
  return names.length === 1 && parsed.success ? parsed.data : undefined;
}

function subjectOf(pem: string): string {
  try {
    return new X509Certificate(pem).subject ?? '';
  } catch (error) {
    throw new Error(`the registry holds a certificate that cannot be read: ${messageOf(error)}`);
  }
}
