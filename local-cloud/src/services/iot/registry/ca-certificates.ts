import { X509Certificate } from 'node:crypto';
import type { AutoRegistrationStatus, CertificateMode, RegistrationConfig } from '@aws-sdk/client-iot';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { uuid } from '../../../core/entropy.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import {
  certificateState,
  certificateValidation,
  invalidRequest,
  limitExceeded,
  registrationCodeValidation,
  resourceAlreadyExists,
  resourceNotFound,
} from '../errors.ts';
import { MAX_CAS_WITH_SAME_SUBJECT, MAX_CERTIFICATE_LENGTH } from '../limits.ts';
import { readCertificate } from './read-certificate.ts';
import type { CaCertificateRecord } from './records.ts';
import { readRegistrationConfig } from './registration-config.ts';
import type { RegistryState } from './registry-state.ts';
import { requireOneOf, requireText } from './validation.ts';

export interface CaRegistration {
  readonly caCertificate: string | undefined;
  readonly verificationCertificate?: string | undefined;
  readonly certificateMode?: CertificateMode | undefined;
  readonly setAsActive?: boolean | undefined;
  readonly allowAutoRegistration?: boolean | undefined;
  readonly registrationConfig?: RegistrationConfig | undefined;
}

export interface CaUpdate {
  readonly certificateId: string | undefined;
  readonly newStatus?: string | undefined;
  readonly newAutoRegistrationStatus?: AutoRegistrationStatus | undefined;
  readonly registrationConfig?: RegistrationConfig | undefined;
  readonly removeAutoRegistration?: boolean | undefined;
}

const REGISTRATION_CODE = 'registrationCode';
/** API GetRegistrationCode: 64 hexadecimal digits. */
const REGISTRATION_CODE_BYTES = 32;

/** CA certificates whose device certificates may be registered (developer guide, `manage-your-CA-certs`). */
export class CaCertificates {
  readonly #state: RegistryState;
  readonly #parsed = new Map<string, X509Certificate>();

  constructor(state: RegistryState) {
    this.#state = state;
  }

  /** Made at the first call, then the same until it is deleted. */
  registrationCode(): string {
    const known = this.#state.account.get(REGISTRATION_CODE);
    if (known !== undefined) return known;
    const code = this.#state.environment.entropy.bytes(REGISTRATION_CODE_BYTES).toString('hex');
    this.#state.account.put(REGISTRATION_CODE, code);
    return code;
  }

  /** @throws AwsError ResourceNotFoundException where there is none (API DeleteRegistrationCode) */
  deleteRegistrationCode(): void {
    if (!this.#state.account.delete(REGISTRATION_CODE)) throw resourceNotFound('There is no registration code.');
  }

  get(id: string | undefined): CaCertificateRecord {
    new ConstraintViolations()
      .required('certificateId', id)
      .length('certificateId', id, 64, 64)
      .pattern('certificateId', id, '(0x)?[a-fA-F0-9]+')
      .throwIfAny('InvalidRequestException');
    const record = this.#state.caCertificates.get(id as string);
    if (record === undefined) throw resourceNotFound(`CA certificate ${id} not found.`);
    return record;
  }

  /**
   * @throws AwsError CertificateValidationException, RegistrationCodeValidationException, ResourceAlreadyExistsException,
   *   LimitExceededException, InvalidRequestException
   */
  register(input: CaRegistration): CaCertificateRecord {
    requireText('caCertificate', input.caCertificate, 1, MAX_CERTIFICATE_LENGTH);
    requireOneOf('certificateMode', input.certificateMode ?? 'DEFAULT', ['DEFAULT', 'SNI_ONLY']);
    const registrationConfig = readRegistrationConfig(this.#state, input.registrationConfig);
    const certificate = readCertificate(input.caCertificate);
    const mode = input.certificateMode ?? 'DEFAULT';
    this.#requireAuthority(certificate);
    this.#requireProof(certificate, mode, input.verificationCertificate);
    const id = certificateIdOf(certificate);
    if (this.#state.caCertificates.has(id)) {
      throw resourceAlreadyExists('The CA certificate is already registered', this.#state.arn('cacert', id), id);
    }
    if (this.#withSubject(certificate.subject).length >= MAX_CAS_WITH_SAME_SUBJECT) {
      throw limitExceeded(`${MAX_CAS_WITH_SAME_SUBJECT} CA certificates with the same subject are already registered`);
    }
    const now = this.#state.now();
    const record: CaCertificateRecord = {
      id,
      pem: input.caCertificate,
      status: input.setAsActive === true ? 'ACTIVE' : 'INACTIVE',
      mode,
      autoRegistration: input.allowAutoRegistration === true,
      ...(registrationConfig === undefined ? {} : { registrationConfig }),
      creationDate: now,
      lastModifiedDate: now,
      customerVersion: 1,
      generationId: uuid(this.#state.environment.entropy),
      notBefore: Date.parse(certificate.validFrom),
      notAfter: Date.parse(certificate.validTo),
    };
    this.#state.caCertificates.put(id, record);
    return record;
  }

  /**
   * `removeAutoRegistration` takes the registration configuration away, and auto registration with it unless the same
   * request enables it.
   */
  update(input: CaUpdate): void {
    const { newStatus, newAutoRegistrationStatus, removeAutoRegistration } = input;
    if (newStatus !== undefined) requireOneOf('newStatus', newStatus, ['ACTIVE', 'INACTIVE']);
    if (newAutoRegistrationStatus !== undefined) {
      requireOneOf('newAutoRegistrationStatus', newAutoRegistrationStatus, ['ENABLE', 'DISABLE']);
    }
    const { registrationConfig: before, ...record } = this.get(input.certificateId);
    const given = readRegistrationConfig(this.#state, input.registrationConfig);
    const remove = removeAutoRegistration === true;
    if (remove && given !== undefined) {
      throw invalidRequest('registrationConfig cannot be given together with removeAutoRegistration');
    }
    const registrationConfig = remove ? undefined : (given ?? before);
    this.#state.caCertificates.put(record.id, {
      ...record,
      status: newStatus === undefined ? record.status : newStatus === 'ACTIVE' ? 'ACTIVE' : 'INACTIVE',
      autoRegistration:
        newAutoRegistrationStatus === undefined
          ? !remove && record.autoRegistration
          : newAutoRegistrationStatus === 'ENABLE',
      ...(registrationConfig === undefined ? {} : { registrationConfig }),
      lastModifiedDate: this.#state.now(),
      customerVersion: record.customerVersion + 1,
    });
  }

  /** "The certificate must be INACTIVE" (API DeleteCACertificate). Certificates that it signed stay. */
  delete(id: string | undefined): void {
    const record = this.get(id);
    if (record.status === 'ACTIVE') {
      throw certificateState(`CA certificate must be deactivated (not ACTIVE) before deletion. id=${record.id}`);
    }
    this.#state.caCertificates.delete(record.id);
    this.#state.tags.delete(this.#state.arn('cacert', record.id));
    this.#parsed.delete(record.id);
  }

  /** Registered CAs whose key has signed the certificate. */
  signersOf(certificate: X509Certificate): CaCertificateRecord[] {
    return this.#withSubject(certificate.issuer).filter((record) => {
      const authority = this.#parse(record);
      return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
    });
  }

  #withSubject(subject: string): CaCertificateRecord[] {
    return [...this.#state.caCertificates.values()].filter((record) => this.#parse(record).subject === subject);
  }

  #parse(record: CaCertificateRecord): X509Certificate {
    let parsed = this.#parsed.get(record.id);
    if (parsed === undefined) {
      parsed = new X509Certificate(record.pem);
      this.#parsed.set(record.id, parsed);
    }
    return parsed;
  }

  #requireAuthority(certificate: X509Certificate): void {
    if (!certificate.ca) throw certificateValidation('The certificate is not a CA certificate');
    const now = this.#state.now();
    if (now < Date.parse(certificate.validFrom) || now > Date.parse(certificate.validTo)) {
      throw certificateValidation('The CA certificate is not within its validity period');
    }
  }

  /**
   * In DEFAULT mode whoever registers a CA proves to hold its key, by a certificate that it signed over the account's
   * registration code; in SNI_ONLY mode "the verificationCertificate field must be empty" (API RegisterCACertificate).
   */
  #requireProof(authority: X509Certificate, mode: CertificateMode, pem: string | undefined): void {
    if (mode === 'SNI_ONLY') {
      if (pem !== undefined && pem !== '') {
        throw invalidRequest('verificationCertificate must be empty in certificate mode SNI_ONLY');
      }
      return;
    }
    if (pem === undefined || pem === '') {
      throw invalidRequest('verificationCertificate must not be empty in certificate mode DEFAULT');
    }
    const proof = readCertificate(pem);
    if (!proof.checkIssued(authority) || !proof.verify(authority.publicKey)) {
      throw certificateValidation('The verification certificate is not signed by the CA certificate');
    }
    const code = this.#state.account.get(REGISTRATION_CODE);
    if (code === undefined || !commonNames(proof).includes(code)) {
      throw registrationCodeValidation('The common name of the verification certificate is not the registration code');
    }
  }
}

/** Node gives one attribute of the subject a line: `CN=…`. */
function commonNames({ subject }: X509Certificate): string[] {
  return (subject ?? '').split('\n').flatMap((line) => (line.startsWith('CN=') ? [line.slice(3)] : []));
}
