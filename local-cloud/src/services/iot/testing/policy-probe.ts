import type { X509Certificate } from 'node:crypto';
import type { ConnectFeatures, IotAction } from '../../../core/mqtt.ts';
import { connectionOf } from './connection-of.ts';
import { type IotTestCloud, makeForeignCertificate, startIot } from './iot-test-cloud.ts';

export const ARN = 'arn:aws:iot:us-east-1:123456789012:';

export type Statement = Record<string, unknown>;
export type Case = readonly [action: IotAction, resource: string, allowed: boolean, features?: ConnectFeatures];

type Texts = string | string[];

export const allow = (Action: Texts, Resource: Texts, Condition?: object): Statement => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...(Condition === undefined ? {} : { Condition }),
});

export const deny = (Action: Texts, Resource: Texts, Condition?: object): Statement => ({
  ...allow(Action, Resource, Condition),
  Effect: 'Deny',
});

/** One certificate, and what its policies allow. */
export interface PolicyProbe {
  readonly iot: IotTestCloud;
  /** ARN of the certificate in use. */
  principal(): string;
  /** Registers and uses another certificate. */
  use(certificate: X509Certificate): Promise<void>;
  /** Makes a policy of the statements and attaches it, to the certificate unless told otherwise. Returns its name. */
  attach(statements: Statement[], target?: string): Promise<string>;
  attachThing(thingName: string, input?: object, thingPrincipalType?: string): Promise<void>;
  /** Fails unless a connection of the client gets these answers. */
  expectCases(clientId: string, cases: readonly Case[], sourceIp?: string): void;
}

export async function startProbe(): Promise<PolicyProbe> {
  const iot = await startIot();
  let certificate: X509Certificate;
  let principal = '';
  let policies = 0;
  const probe: PolicyProbe = {
    iot,
    principal: () => principal,
    async use(next) {
      certificate = next;
      const registered = await iot.call<{ certificateArn: string }>('RegisterCertificateWithoutCA', {
        certificatePem: next.toString(),
        status: 'ACTIVE',
      });
      principal = registered.certificateArn;
    },
    async attach(statements, target = principal) {
      const policyName = `policy-${policies++}`;
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: statements });
      await iot.call('CreatePolicy', { policyName, policyDocument });
      await iot.call('AttachPolicy', { policyName, target });
      return policyName;
    },
    async attachThing(thingName, input = {}, thingPrincipalType) {
      await iot.call('CreateThing', { thingName, ...input });
      await iot.call('AttachThingPrincipal', { thingName, principal, thingPrincipalType });
    },
    expectCases(clientId, cases, sourceIp = '203.0.113.7') {
      const devices = iot.cloud.ports.get('devices');
      const connection = connectionOf(certificate, clientId, sourceIp);
      const answers = cases.map(([action, resource, , features]): Case => {
        const allowed = devices.isAllowed(connection, action, resource, features);
        return features === undefined ? [action, resource, allowed] : [action, resource, allowed, features];
      });
      expect(answers).toEqual(cases);
    },
  };
  await probe.use(await makeForeignCertificate());
  return probe;
}
