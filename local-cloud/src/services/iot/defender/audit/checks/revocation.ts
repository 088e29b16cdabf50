import { messageOf } from '../../../../../core/errors.ts';
import { x509 } from '../../../../../core/x509.ts';
import { type AuditCheck, type Auditor, CheckFailure, type CheckFinding, type CheckResult } from './audit-check.ts';
import {
  activeCaCertificates,
  activeDeviceCertificates,
  caCertificate,
  deviceCertificate,
} from './certificate-listing.ts';

/** `audit-chk-revoked-device-cert` */
export const revokedDeviceCertificate: AuditCheck = async (auditor) => {
  const survey = new RevocationSurvey(auditor, await registeredAuthorities(auditor));
  for await (const { certificateId, certificatePem } of activeDeviceCertificates(auditor)) {
    await survey.examine(certificatePem, deviceCertificate(certificateId));
  }
  return survey.result();
};

/** `audit-chk-revoked-ca-cert` */
export const revokedCaCertificate: AuditCheck = async (auditor) => {
  const survey = new RevocationSurvey(auditor, await registeredAuthorities(auditor));
  for await (const { certificateId, certificatePem } of activeCaCertificates(auditor)) {
    await survey.examine(certificatePem, caCertificate(certificateId));
  }
  return survey.result();
};

async function registeredAuthorities(auditor: Auditor): Promise<x509.X509Certificate[]> {
  const authorities: x509.X509Certificate[] = [];
  for await (const { certificatePem } of activeCaCertificates(auditor)) {
    if (certificatePem !== undefined) authorities.push(new x509.X509Certificate(certificatePem));
  }
  return authorities;
}

/**
 * Looks certificates up in the revocation lists that they themselves point to (RFC 5280 §4.2.1.13). A list counts when
 * the issuer has signed it. A certificate without list is in none; one whose list cannot be read or trusted makes the
 * check fail, unless others were found to be revoked.
 */
class RevocationSurvey {
  readonly #auditor: Auditor;
  readonly #authorities: readonly x509.X509Certificate[];
  readonly #findings: CheckFinding[] = [];
  readonly #problems = new Set<string>();
  #total = 0;

  constructor(auditor: Auditor, authorities: readonly x509.X509Certificate[]) {
    this.#auditor = auditor;
    this.#authorities = authorities;
  }

  async examine(pem: string | undefined, resource: CheckFinding['resource']): Promise<void> {
    this.#total += 1;
    const certificate = new x509.X509Certificate(pem ?? '');
    try {
      if (!(await this.#isRevoked(certificate))) return;
    } catch (error) {
      this.#problems.add(messageOf(error));
      return;
    }
    this.#findings.push({
      resource,
      reasonCode: 'CERTIFICATE_REVOKED_BY_ISSUER',
      reason: 'Certificate is in the revocation list of its issuer.',
    });
  }

  result(): CheckResult {
    if (this.#problems.size > 0 && this.#findings.length === 0) throw new CheckFailure([...this.#problems].join('; '));
    return { totalResources: this.#total, findings: this.#findings };
  }

  async #isRevoked(certificate: x509.X509Certificate): Promise<boolean> {
    for (const url of listsOf(certificate)) {
      const list = new x509.X509Crl(await this.#auditor.downloadCrl(url));
      const issuer = [certificate, ...this.#authorities].find(({ subject }) => subject === list.issuer);
      if (list.issuer !== certificate.issuer || issuer === undefined) {
        throw new Error(`the issuer ${list.issuer} of the revocation list ${url} is not a registered CA`);
      }
      if (!(await list.verify({ publicKey: issuer.publicKey }))) {
        throw new Error(`the revocation list ${url} does not bear the signature of ${list.issuer}`);
      }
      const serial = serialOf(certificate);
      if (list.entries.some((entry) => serialOf(entry) === serial)) return true;
      // RFC 5280 §5.1.2.5: every list says when the next one comes; until then only is it complete.
      if (list.nextUpdate === undefined || list.nextUpdate.getTime() < this.#auditor.startTime) {
        throw new Error(`the revocation list ${url} is out of date`);
      }
    }
    return false;
  }
}

/** Hexadecimal without leading zeros: encodings differ in them. */
function serialOf({ serialNumber }: { readonly serialNumber: string }): string {
  return serialNumber.toLowerCase().replace(/^0+/, '');
}

function listsOf(certificate: x509.X509Certificate): string[] {
  const extension = certificate.getExtension(x509.CRLDistributionPointsExtension);
  const names = (extension?.distributionPoints ?? []).flatMap((point) => point.distributionPoint?.fullName ?? []);
  return names.flatMap((name) => name.uniformResourceIdentifier ?? []);
}
