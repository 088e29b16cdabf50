import type { RequestContext } from '../../../core/iam/request-context.ts';
import type { ConnectFeatures, IotAction } from '../../../core/mqtt.ts';
import type { CertificateVariables } from './certificate-variables.ts';

/** The thing that a connection stands for (developer guide, `exclusive-thing`, `thing-policy-variables`). */
export interface AssociatedThing {
  readonly name: string;
  readonly typeName?: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What the policies of one connection are evaluated against. */
export interface ConnectionFacts {
  readonly clientId: string;
  readonly certificateId: string | undefined;
  readonly sourceIp: string | undefined;
  /** Server name that the client asked for (SNI). */
  readonly domainName: string | undefined;
  readonly thing: AssociatedThing | undefined;
  /** Read from the certificate when a policy first asks. */
  certificate(): CertificateVariables;
  now(): number;
  topicArn(topic: string): string;
}

const THING = 'iot:connection.thing.';
const ATTRIBUTE = /^iot:connection\.thing\.attributes\[(.+)\]$/i;
const CERTIFICATE = 'iot:certificate.';

/**
 * Values of policy variables and condition keys (developer guide, `basic-policy-variables`, `thing-policy-variables`,
 * `cert-policy-variables`, `connect-policy`). One that has no value stays absent, and what names it does not match.
 */
export function connectionContext(
  facts: ConnectionFacts,
  action: IotAction,
  features?: ConnectFeatures,
): RequestContext {
  return {
    values(key, spelling = key) {
      if (key.startsWith(THING)) return thingValues(facts.thing, key, spelling);
      if (key.startsWith(CERTIFICATE)) return facts.certificate().get(key.slice(CERTIFICATE.length));
      switch (key) {
        case 'iot:clientid':
          // HTTPS has no client id (developer guide, `http`).
          return facts.clientId === '' ? undefined : [facts.clientId];
        case 'iot:certificateid':
          return facts.certificateId === undefined ? undefined : [facts.certificateId];
        case 'iot:connectattributes':
          return action === 'iot:Connect' ? connectAttributes(features) : undefined;
        case 'iot:lastwilltopic':
          return features?.willTopic === undefined ? undefined : [facts.topicArn(features.willTopic)];
        case 'iot:domainname':
          return facts.domainName === undefined ? undefined : [facts.domainName];
        case 'aws:sourceip':
          return facts.sourceIp === undefined ? undefined : [facts.sourceIp];
        case 'aws:securetransport':
          return ['true'];
        case 'aws:currenttime':
          return [new Date(facts.now()).toISOString()];
        case 'aws:epochtime':
          return [String(Math.floor(facts.now() / 1000))];
        default:
          return undefined;
      }
    },
  };
}

function thingValues(thing: AssociatedThing | undefined, key: string, spelling: string): string[] | undefined {
  if (key === 'iot:connection.thing.isattached') return [String(thing !== undefined)];
  if (thing === undefined) return undefined;
  const value = thingValue(thing, key, spelling);
  return value === undefined ? undefined : [value];
}

function thingValue(thing: AssociatedThing, key: string, spelling: string): string | undefined {
  if (key === 'iot:connection.thing.thingname') return thing.name;
  if (key === 'iot:connection.thing.thingtypename') return thing.typeName;
  const attribute = ATTRIBUTE.exec(spelling)?.[1];
  if (attribute === undefined || !Object.hasOwn(thing.attributes, attribute)) return undefined;
  return thing.attributes[attribute];
}

function connectAttributes(features: ConnectFeatures | undefined): string[] {
  const attributes: string[] = [];
  if (features?.persistent === true) attributes.push('PersistentConnect');
  if (features?.willTopic !== undefined) attributes.push('LastWill');
  return attributes;
}
