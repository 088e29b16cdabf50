import { X509Certificate } from 'node:crypto';
import type { CertificateMode, CertificateStatus } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { uuid } from '../../../core/entropy.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import {
  certificateConflict,
  certificateState,
  certificateValidation,
  deleteConflict,
  invalidRequest,
  resourceAlreadyExists,
  resourceNotFound,
} from '../errors.ts';
import type { CaCertificates } from './ca-certificates.ts';
import { readCertificate } from './read-certificate.ts';
import type { CaCertificateRecord, CertificateRecord } from './records.ts';
import type { RegistryState } from './registry-state.ts';

const STATUSES: readonly CertificateStatus[] = [
  'ACTIVE',
  'INACTIVE',
  'PENDING_ACTIVATION',
  'PENDING_TRANSFER',
  'REGISTER_INACTIVE',
  'REVOKED',
];

/** Client certificates and their states (developer guide, `x509-client-certs`). */
export class Certificates {
  readonly #state: RegistryState;
  readonly #authorities: CaCertificates;

  constructor(state: RegistryState, authorities: CaCertificates) {
    this.#state = state;
    this.#authorities = authorities;
  }

  get(id: string | undefined): CertificateRecord {
    new ConstraintViolations()
      .required('certificateId', id)
      .length('certificateId', id, 64, 64)
      .pattern('certificateId', id, '(0x)?[a-fA-F0-9]+')
      .throwIfAny('InvalidRequestException');
    const certificate = this.#state.certificates.get(id as string);
    if (certificate === undefined) throw resourceNotFound('The certificate given in the principal does not exist.');
    return certificate;
  }

  register(
    pem: string,
    status: CertificateStatus,
    mode: CertificateMode = 'DEFAULT',
    caCertificateId?: string,
  ): CertificateRecord {
    const parsed = new X509Certificate(pem);
    const id = certificateIdOf(parsed);
    if (this.#state.certificates.has(id)) {
      throw resourceAlreadyExists(
        'The certificate is already provisioned or registered',
        this.#state.arn('cert', id),
        id,
      );
    }
    const now = this.#state.now();
    const record: CertificateRecord = {
      id,
      pem,
      status,
      mode,
      creationDate: now,
      lastModifiedDate: now,
      customerVersion: 1,
      generationId: uuid(this.#state.environment.entropy),
      notBefore: Date.parse(parsed.validFrom),
      notAfter: Date.parse(parsed.validTo),
      ...(caCertificateId === undefined ? {} : { caCertificateId }),
    };
    this.#state.certificates.put(id, record);
    return record;
  }

  /**
   * A certificate of somebody else's authority. Devices that use it must name their endpoint (SNI).
   * @throws AwsError CertificateValidationException for text that is no certificate
   */
  registerForeign(pem: string, status: CertificateStatus | undefined): CertificateRecord {
    if (status === 'REVOKED') throw invalidRequest('A certificate cannot be registered with status REVOKED');
    requireRegistrable(status);
    readCertificate(pem);
    return this.register(pem, status ?? 'INACTIVE', 'SNI_ONLY');
  }

  /**
   * A certificate of a registered CA, in the CA's mode (API RegisterCertificate). "The client certificate must be signed
   * by a certificate authority that you have registered" (`manual-cert-registration`), and that CA must be active
   * (`register-CA-cert`).
   * @throws AwsError CertificateValidationException, CertificateConflictException, CertificateStateException
   */
  registerSigned(pem: string, caPem: string | undefined, status: CertificateStatus | undefined): CertificateRecord {
    requireRegistrable(status);
    const certificate = readCertificate(pem);
    const signers = this.#authorities.signersOf(certificate);
    const named = caPem === undefined ? undefined : certificateIdOf(readCertificate(caPem));
    const fitting = named === undefined ? signers : signers.filter(({ id }) => id === named);
    const [signer] = fitting;
    if (signer === undefined)
      throw certificateValidation('The certificate is not signed by a registered CA certificate');
    if (fitting.length > 1) {
      throw certificateConflict(
        'Several registered CA certificates could have signed the certificate: name one of them',
      );
    }
    if (signer.status !== 'ACTIVE') throw certificateState(`CA certificate ${signer.id} is not active`);
    return this.registerBy(signer, pem, status ?? 'INACTIVE');
  }

  registerBy({ id, mode }: CaCertificateRecord, pem: string, status: CertificateStatus): CertificateRecord {
    return this.register(pem, status, mode, id);
  }

  update(id: string | undefined, status: CertificateStatus | undefined): void {
    new ConstraintViolations()
      .required('newStatus', status)
      .oneOf('newStatus', status, STATUSES)
      .throwIfAny('InvalidRequestException');
    const certificate = this.get(id);
    const next = status as CertificateStatus;
    if (next === 'PENDING_TRANSFER' || next === 'PENDING_ACTIVATION' || next === 'REGISTER_INACTIVE') {
      throw invalidRequest(`Certificate status cannot be set to ${next}`);
    }
    if (next === certificate.status) return;
    // `manual-cert-registration`: a certificate that is revoked "can't be activated later".
    if (certificate.status === 'REVOKED') throw certificateState(`Certificate ${certificate.id} is revoked`);
    this.#state.certificates.put(certificate.id, {
      ...certificate,
      status: next,
      lastModifiedDate: this.#state.now(),
      customerVersion: certificate.customerVersion + 1,
    });
    const { changes } = this.#state.environment;
    if (next === 'ACTIVE') changes.certificateChanged(certificate.id);
    else changes.certificateEnded(certificate.id);
  }

  /**
   * "A certificate cannot be deleted if it has a policy or IoT thing attached to it or if its status is set to ACTIVE"
   * (API DeleteCertificate). `force` overlooks attached policies.
   */
  delete(id: string | undefined, force: boolean): void {
    const certificate = this.get(id);
    const arn = this.#state.arn('cert', certificate.id);
    if (certificate.status === 'ACTIVE') {
      throw certificateState(`Certificate must be deactivated (not ACTIVE) before deletion. id=${certificate.id}`);
    }
    if (this.#state.attachments.leftsOf(certificate.id).size > 0) {
      throw deleteConflict(`Things must be detached before deletion (arn: ${arn})`);
    }
    const policies = this.#state.policyTargets.leftsOf(arn);
    if (policies.size > 0 && !force) {
      throw deleteConflict(`Certificate policies must be detached before deletion (arn: ${arn})`);
    }
    for (const policy of [...policies.keys()]) this.#state.policyTargets.remove(policy, arn);
    this.#state.certificates.delete(certificate.id);
    this.#state.environment.changes.certificateEnded(certificate.id);
  }
}

function requireRegistrable(status: CertificateStatus | undefined): void {
  if (status === undefined || status === 'ACTIVE' || status === 'INACTIVE' || status === 'REVOKED') return;
  throw invalidRequest(`A certificate cannot be registered with status ${status}`);
}
