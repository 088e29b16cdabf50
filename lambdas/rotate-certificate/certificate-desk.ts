import { X509Certificate } from 'node:crypto';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateCertificateFromCsrCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  DescribeThingCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListPrincipalThingsCommand,
  ListThingPrincipalsCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { errorName } from '../shared/errors.ts';

/** A certificate as the registry has it. */
export interface KnownCertificate {
  readonly status: string;
  readonly pem: string;
  /** ms since the epoch; undefined where the registry does not say */
  readonly notAfter: number | undefined;
}

export interface KnownThing {
  readonly attributes: Readonly<Record<string, string>>;
  /** Ids of its certificates. */
  readonly certificateIds: readonly string[];
}

/** What the rotation needs of the registry. Every act may be repeated; what is gone is gone. */
export interface CertificateDesk {
  /** Undefined: there is none. */
  thing(thingName: string): Promise<KnownThing | undefined>;
  certificate(certificateId: string): Promise<KnownCertificate | undefined>;
  thingsOf(certificateId: string): Promise<readonly string[]>;
  policiesOf(certificateId: string): Promise<readonly string[]>;
  /** Signs a request; the certificate is inactive, and attached to the thing so that it is found again. */
  sign(csrPem: string, thingName: string): Promise<{ certificateId: string; certificatePem: string }>;
  attachPolicy(policyName: string, certificateId: string): Promise<void>;
  setStatus(certificateId: string, status: 'ACTIVE' | 'INACTIVE'): Promise<void>;
  /** Takes a certificate off its policies and off the thing. */
  detach(certificateId: string, thingName: string): Promise<void>;
  delete(certificateId: string): Promise<void>;
}

/** @param arnPrefix `arn:aws:iot:<region>:<account>:cert/` */
export function certificateDesk(iot: IoTClient, arnPrefix: string): CertificateDesk {
  const arnOf = (certificateId: string) => `${arnPrefix}${certificateId}`;
  const policiesOf = async (certificateId: string): Promise<string[]> => {
    const names: string[] = [];
    let marker: string | undefined;
    do {
      const page = await iot.send(new ListAttachedPoliciesCommand({ target: arnOf(certificateId), marker }));
      names.push(...(page.policies ?? []).map(({ policyName = '' }) => policyName));
      marker = page.nextMarker;
    } while (marker !== undefined);
    return names;
  };
  return {
    policiesOf,
    async thing(thingName) {
      const thing = await ifThere(() => iot.send(new DescribeThingCommand({ thingName })));
      if (thing === undefined) return undefined;
      const certificateIds: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await iot.send(new ListThingPrincipalsCommand({ thingName, nextToken }));
        for (const arn of page.principals ?? []) {
          if (arn.startsWith(arnPrefix)) certificateIds.push(arn.slice(arnPrefix.length));
        }
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return { attributes: thing.attributes ?? {}, certificateIds };
    },
    async certificate(certificateId) {
      const answer = await ifThere(() => iot.send(new DescribeCertificateCommand({ certificateId })));
      if (answer?.certificateDescription === undefined) return undefined;
      const { certificatePem: pem = '', status = '', validity } = answer.certificateDescription;
      return { status, pem, notAfter: validity?.notAfter?.getTime() };
    },
    async thingsOf(certificateId) {
      const names: string[] = [];
      let nextToken: string | undefined;
      do {
        const page = await iot.send(new ListPrincipalThingsCommand({ principal: arnOf(certificateId), nextToken }));
        names.push(...(page.things ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      return names;
    },
    async sign(csrPem, thingName) {
      const made = await iot.send(
        new CreateCertificateFromCsrCommand({ certificateSigningRequest: csrPem, setAsActive: false }),
      );
      const { certificateArn = '', certificateId = '', certificatePem = '' } = made;
      await iot.send(new AttachThingPrincipalCommand({ thingName, principal: certificateArn }));
      return { certificateId, certificatePem };
    },
    async attachPolicy(policyName, certificateId) {
      await iot.send(new AttachPolicyCommand({ policyName, target: arnOf(certificateId) }));
    },
    async setStatus(certificateId, newStatus) {
      await iot.send(new UpdateCertificateCommand({ certificateId, newStatus }));
    },
    async detach(certificateId, thingName) {
      for (const policyName of (await ifThere(() => policiesOf(certificateId))) ?? []) {
        await ifThere(() => iot.send(new DetachPolicyCommand({ policyName, target: arnOf(certificateId) })));
      }
      await ifThere(() => iot.send(new DetachThingPrincipalCommand({ thingName, principal: arnOf(certificateId) })));
    },
    async delete(certificateId) {
      await ifThere(() => iot.send(new DeleteCertificateCommand({ certificateId })));
    },
  };
}

/** DER of the SubjectPublicKeyInfo of a certificate. */
export function publicKeyOf(pem: string): Buffer {
  return new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
}

async function ifThere<T>(action: () => Promise<T>): Promise<T | undefined> {
  try {
    return await action();
  } catch (error) {
    if (errorName(error) === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}
