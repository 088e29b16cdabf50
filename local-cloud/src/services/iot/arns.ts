import { type Account, arn, parseArn } from '../../core/account.ts';

/** Resource types of AWS IoT (Service Authorization Reference, "Resource types defined by AWS IoT"). */
export type IotResourceType =
  | 'thing'
  | 'thingtype'
  | 'thinggroup'
  | 'cert'
  | 'cacert'
  | 'authorizer'
  | 'rolealias'
  | 'billinggroup'
  | 'domainconfiguration'
  | 'policy'
  | 'index'
  | 'fleetmetric'
  | 'provisioningtemplate'
  | 'job'
  | 'jobtemplate'
  | 'stream'
  | 'scheduledaudit'
  | 'securityprofile'
  | 'custommetric'
  | 'dimension'
  | 'mitigationaction'
  | 'client'
  | 'topic'
  | 'topicfilter';

export function iotArn(account: Account, type: IotResourceType, name: string): string {
  return arn(account, 'iot', `${type}/${name}`);
}

/** Name of a resource of this account, region and type; undefined for any other text. */
export function iotResourceName(account: Account, type: IotResourceType, text: string): string | undefined {
  const prefix = iotArn(account, type, '');
  return text.startsWith(prefix) && text.length > prefix.length ? text.slice(prefix.length) : undefined;
}

/** `cert` of `arn:aws:iot:us-east-1:123456789012:cert/ab12`; undefined for text that is no ARN of this account's IoT. */
export function iotResourceType(account: Account, text: string): string | undefined {
  const parsed = parseArn(text);
  if (parsed === undefined || parsed.service !== 'iot') return undefined;
  if (parsed.accountId !== account.accountId || parsed.region !== account.region) return undefined;
  return parsed.resource.split('/', 1)[0];
}
