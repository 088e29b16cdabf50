import type { KeyObject } from 'node:crypto';

/** A certificate with the private key that only services of the cloud may use. */
export interface ImportedCertificate {
  readonly arn: string;
  readonly certificatePem: string;
  readonly privateKey: KeyObject;
  /** ms since the epoch */
  readonly notBefore: number;
  /** ms since the epoch */
  readonly notAfter: number;
}

/** The port `importedCertificates`: certificates of ACM for the services that are integrated with it. */
export interface ImportedCertificates {
  find(arn: string): ImportedCertificate | undefined;
  /** `usersOf` answers ARNs of resources that use a certificate, which keep it from being deleted. */
  onUse(usersOf: (certificateArn: string) => readonly string[]): void;
}
