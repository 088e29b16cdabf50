import { iotResourceName } from '../arns.ts';
import { invalidRequest } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { requireName } from '../registry/validation.ts';

const MEMBERS = { thing: 'thingName', thinggroup: 'thingGroupName', billinggroup: 'billingGroupName' } as const;

/** A resource may be given by name, by ARN, or by both when they agree. @throws AwsError InvalidRequestException */
export function namedResource(
  service: IotService,
  type: keyof typeof MEMBERS,
  name: string | undefined,
  arn: string | undefined,
): string {
  const nameOfArn = arn === undefined ? undefined : iotResourceName(service.context.account, type, arn);
  if (arn !== undefined && nameOfArn === undefined) throw invalidRequest(`Invalid ${type} ARN: ${arn}`);
  if (name !== undefined && nameOfArn !== undefined && name !== nameOfArn) {
    throw invalidRequest(`The ${type} name ${name} and the ARN ${arn} do not match`);
  }
  const given = name ?? nameOfArn;
  requireName(MEMBERS[type], given);
  return given;
}
