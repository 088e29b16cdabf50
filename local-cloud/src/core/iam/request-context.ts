import type { Account } from '../account.ts';
import { parseArn } from '../account.ts';
import type { CallOrigin } from './authorizer.ts';
import type { ConditionKeys } from './policy-document.ts';
import type { Principal } from './principal.ts';

/** Values of the condition keys of one request; an absent key has none. */
export interface RequestContext {
  /**
   * `key` in lower case; `spelling` as the policy writes it, for keys that hold a case-sensitive name
   * (`iot:Connection.Thing.Attributes[Site]`).
   */
  values(key: string, spelling?: string): readonly string[] | undefined;
}

/** A context without any key: for policies that do not ask. */
export const EMPTY_CONTEXT: RequestContext = { values: () => undefined };

export interface ContextSource {
  readonly account: Account;
  readonly principal: Principal;
  readonly origin: CallOrigin;
  readonly resource: string;
  readonly conditions: ConditionKeys | undefined;
  /** ms since the epoch */
  readonly now: number;
  /** Told of a key that neither the service nor this file knows. */
  unknownKey?(key: string): void;
}

/**
 * Global condition keys (IAM user guide, "AWS global condition context keys") as far as one account without an
 * organization, VPCs and users has them, and the keys that the service gave with its permission. The rest are absent,
 * as they are on AWS where they do not apply. Read on demand: most requests meet no condition at all.
 */
export function requestContext(source: ContextSource): RequestContext {
  let service: Map<string, readonly string[]> | undefined;
  let session: Map<string, readonly string[]> | undefined;
  return {
    values(key) {
      service ??= serviceKeys(source.conditions);
      session ??= serviceKeys(sessionContextOf(source.principal));
      const values = service.get(key) ?? session.get(key) ?? globalKey(key, source);
      if (values === undefined && !ABSENT_HERE.has(key)) source.unknownKey?.(key);
      return values;
    },
  };
}

/** Keys whose absence is the right answer in some requests, or in every request of an account like this one. */
const ABSENT_HERE: ReadonlySet<string> = new Set([
  'aws:sourceip',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principaltype',
  'aws:userid',
  'aws:username',
  'aws:principalservicename',
  'aws:principalservicenameslist',
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:resourceorgid',
  'aws:resourceorgpaths',
  'aws:sourceorgid',
  'aws:sourceorgpaths',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:vpcsourceip',
  'aws:federatedprovider',
  'aws:multifactorauthage',
  'aws:multifactorauthpresent',
  'aws:calledvia',
  'aws:calledviafirst',
  'aws:calledvialast',
  'credentials-iot:thingname',
  'credentials-iot:thingtypename',
  'credentials-iot:awscertificateid',
]);

function sessionContextOf(principal: Principal): ConditionKeys | undefined {
  return principal.kind === 'assumed-role' ? principal.sessionContext : undefined;
}

function serviceKeys(conditions: ConditionKeys | undefined): Map<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  for (const [name, value] of Object.entries(conditions ?? {})) {
    if (value !== undefined) keys.set(name.toLowerCase(), typeof value === 'string' ? [value] : value);
  }
  return keys;
}

function globalKey(key: string, source: ContextSource): readonly string[] | undefined {
  const value = globalValue(key, source);
  return value === undefined ? undefined : [value];
}

function globalValue(key: string, { account, principal, origin, resource, now }: ContextSource): string | undefined {
  const service = principal.kind === 'service' ? principal : undefined;
  const caller = principal.kind === 'account' || principal.kind === 'assumed-role' ? principal : undefined;
  switch (key) {
    case 'aws:currenttime':
      return new Date(now).toISOString();
    case 'aws:epochtime':
      return String(Math.floor(now / 1000));
    case 'aws:securetransport':
      return String(origin.secure);
    case 'aws:sourceip':
      // Absent when a service calls on its own behalf ("aws:SourceIp", "Availability").
      return service === undefined ? origin.sourceIp : undefined;
    case 'aws:requestedregion':
      return account.region;
    case 'aws:resourceaccount':
      return parseArn(resource)?.accountId || account.accountId;
    case 'aws:principalarn':
      return caller?.kind === 'assumed-role' ? caller.roleArn : caller?.arn;
    case 'aws:principalaccount':
      return caller?.accountId;
    case 'aws:principaltype':
      return caller === undefined
        ? principal.kind === 'anonymous'
          ? 'Anonymous'
          : undefined
        : caller.kind === 'account'
          ? 'Account'
          : 'AssumedRole';
    case 'aws:userid':
      return caller?.userId;
    case 'aws:principalisawsservice':
      return String(service !== undefined);
    case 'aws:principalservicename':
      return service?.service;
    case 'aws:sourcearn':
      return service?.sourceArn;
    case 'aws:sourceaccount':
      return service?.sourceAccount ?? (parseArn(service?.sourceArn ?? '')?.accountId || undefined);
    case 'aws:viaawsservice':
      return 'false';
    default:
      return undefined;
  }
}
