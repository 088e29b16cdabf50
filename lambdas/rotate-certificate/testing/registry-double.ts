import { createHash, X509Certificate } from 'node:crypto';
import type { CertificateDesk } from '../certificate-desk.ts';

export interface DoubleCertificate {
  pem: string;
  status: string;
  notAfter: number;
  readonly policies: Set<string>;
  readonly things: Set<string>;
}

/** Things and certificates in memory; `fail` throws at an act of that name, before it is done. */
export class RegistryDouble implements CertificateDesk {
  readonly things = new Map<string, Record<string, string>>();
  readonly certificates = new Map<string, DoubleCertificate>();
  /** What is signed for a request, by its text. */
  readonly signable = new Map<string, string>();
  signed = 0;
  fail: (act: string) => void = () => {};
  /** Looks at the registry after each change. */
  watch: () => void = () => {};

  add(pem: string, thingName: string, policies: readonly string[]): string {
    const id = createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
    const notAfter = Number.POSITIVE_INFINITY;
    this.certificates.set(id, {
      pem,
      status: 'ACTIVE',
      notAfter,
      policies: new Set(policies),
      things: new Set([thingName]),
    });
    return id;
  }

  of(id: string): DoubleCertificate {
    const found = this.certificates.get(id);
    if (found === undefined) throw new Error(`no certificate ${id}`);
    return found;
  }

  async thing(thingName: string) {
    this.fail('thing');
    const attributes = this.things.get(thingName);
    if (attributes === undefined) return undefined;
    const certificateIds = [...this.certificates].filter(([, { things }]) => things.has(thingName)).map(([id]) => id);
    return { attributes, certificateIds };
  }

  async certificate(id: string) {
    this.fail('certificate');
    const known = this.certificates.get(id);
    return known && { status: known.status, pem: known.pem, notAfter: known.notAfter };
  }

  async thingsOf(id: string) {
    return [...this.of(id).things];
  }

  async policiesOf(id: string) {
    this.fail('policiesOf');
    return [...this.of(id).policies];
  }

  async sign(csrPem: string, thingName: string) {
    this.fail('sign');
    const certificatePem = this.signable.get(csrPem);
    if (certificatePem === undefined) throw new Error('not a request of this test');
    this.signed++;
    const certificateId = this.add(certificatePem, thingName, []);
    this.of(certificateId).status = 'INACTIVE';
    this.watch();
    return { certificateId, certificatePem };
  }

  async attachPolicy(policyName: string, id: string) {
    this.fail('attachPolicy');
    this.of(id).policies.add(policyName);
  }

  async setStatus(id: string, status: 'ACTIVE' | 'INACTIVE') {
    this.fail('setStatus');
    this.of(id).status = status;
    this.watch();
  }

  async detach(id: string, thingName: string) {
    this.fail('detach');
    this.of(id).policies.clear();
    this.of(id).things.delete(thingName);
    this.watch();
  }

  async delete(id: string) {
    this.fail('delete');
    this.certificates.delete(id);
    this.watch();
  }
}
