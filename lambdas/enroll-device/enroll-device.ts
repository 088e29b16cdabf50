import { FunctionError } from '../shared/errors.ts';
import type { DeviceRequest } from './schema.ts';

export interface EnrollmentPorts {
  /** Registers the device; doing it again changes nothing. */
  register(templateBody: string, certificateId: string): Promise<void>;
  /** Takes a certificate off its policies and off the thing. What is gone is fine. */
  detach(thingName: string, certificateArn: string): Promise<void>;
  /** Whether other certificates of the thing are left. */
  isInUse(thingName: string): Promise<boolean>;
  /** What is gone is fine. */
  deleteThing(thingName: string): Promise<void>;
}

export const NOTHING_ENROLLED = 'no-device';

/**
 * Makes a device of a certificate that the stack has made: thing, groups and policies in one call of RegisterThing, since
 * CloudFormation's own thing has neither type nor groups. The physical id is the pair of thing and certificate, so another
 * certificate is another device to CloudFormation, and the thing stays for it.
 * @throws FunctionError `EVENT_INVALID` for a device that would move: its attributes are its own by then
 */
export async function enrollDevice(
  request: DeviceRequest,
  ports: EnrollmentPorts,
): Promise<{ physicalResourceId: string; data?: Readonly<Record<string, string>> }> {
  if (request.RequestType === 'Delete') {
    const [thingName, certificateArn] = request.PhysicalResourceId.split('|');
    if (thingName !== undefined && certificateArn !== undefined) {
      await ports.detach(thingName, certificateArn);
      if (!(await ports.isInUse(thingName))) await ports.deleteThing(thingName);
    }
    return { physicalResourceId: request.PhysicalResourceId };
  }
  const { CertificateArn, TemplateBody, ThingName } = request.ResourceProperties;
  if (request.RequestType === 'Update') {
    const old = request.OldResourceProperties;
    if (old.ThingName === ThingName && old.TemplateBody !== TemplateBody) {
      throw new FunctionError(
        'EVENT_INVALID',
        `${ThingName} is registered elsewhere already: remove it from the stack, deploy, and add it again`,
      );
    }
  }
  await ports.register(TemplateBody, CertificateArn.slice(CertificateArn.lastIndexOf('/') + 1));
  return { physicalResourceId: `${ThingName}|${CertificateArn}`, data: { ThingName } };
}
