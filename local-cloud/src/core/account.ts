/** The one account and region that a local cloud plays. */
export interface Account {
  readonly partition: 'aws';
  /** Twelve digits. */
  readonly accountId: string;
  readonly region: string;
}

/** `arn:aws:<service>:<region>:<account>:<resource>` */
export function arn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.accountId}:${resource}`;
}

/** ARN of a service without regions, such as IAM. */
export function globalArn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}::${account.accountId}:${resource}`;
}

export interface ParsedArn {
  partition: string;
  service: string;
  region: string;
  accountId: string;
  resource: string;
}

/** Returns undefined for text that has no six ARN parts. */
export function parseArn(text: string): ParsedArn | undefined {
  const parts = text.split(':');
  if (parts.length < 6 || parts[0] !== 'arn') return undefined;
  const [, partition, service, region, accountId, ...resource] = parts as [string, string, string, string, string];
  return { partition, service, region, accountId, resource: resource.join(':') };
}
