import type { X509Certificate } from 'node:crypto';
import { AwsError, messageOf } from '../../../core/errors.ts';
import { x509 } from '../../../core/x509.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import type { IotService } from '../iot-service.ts';
import { defaultVersionOf } from '../registry/provisioning-templates.ts';
import type { CaCertificateRecord, CertificateRecord } from '../registry/records.ts';
import { assumeProvisioningRole } from './provisioning-role.ts';
import { registerResources } from './register-resources.ts';
import { planRegistration, templateParameters } from './registration-plan.ts';
import { parseTemplate } from './template-document.ts';
import { invalidTemplate } from './template-error.ts';

/** Attributes of the subject behind the parameters of a JITP template (`jit-provisioning`), by X.520 identifier. */
const SUBJECT_PARAMETERS: readonly (readonly [parameter: string, oid: string])[] = [
  ['AWS::IoT::Certificate::Country', '2.5.4.6'],
  ['AWS::IoT::Certificate::Organization', '2.5.4.10'],
  ['AWS::IoT::Certificate::OrganizationalUnit', '2.5.4.11'],
  ['AWS::IoT::Certificate::DistinguishedNameQualifier', '2.5.4.46'],
  ['AWS::IoT::Certificate::StateName', '2.5.4.8'],
  ['AWS::IoT::Certificate::CommonName', '2.5.4.3'],
  ['AWS::IoT::Certificate::SerialNumber', '2.5.4.5'],
];

/**
 * Registers certificates of registered CAs when their devices first connect (developer guide,
 * `auto-register-device-cert`, `jit-provisioning`). The connection that brings a certificate in always ends.
 *
 * INVARIANT: one certificate is under way once at a time, however many connections bring it.
 */
export class JustInTimeRegistration {
  readonly #service: IotService;
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(service: IotService) {
    this.#service = service;
  }

  /** Registers the certificate where a CA asks for it; undefined when there is nothing to do. Never rejects. */
  register(
    chain: readonly [X509Certificate, ...X509Certificate[]],
    serverName: string | undefined,
  ): Promise<void> | undefined {
    const [certificate] = chain;
    const id = certificateIdOf(certificate);
    const running = this.#underWay.get(id);
    if (running !== undefined) return running;
    // "The device is required to send the Server Name Indication extension."
    if (serverName === undefined || !this.#isValidNow(certificate)) return undefined;
    const known = this.#service.registry.state.certificates.get(id);
    if (known !== undefined && known.status !== 'PENDING_ACTIVATION') return undefined;
    let authority: CaCertificateRecord | undefined;
    try {
      authority = this.#authorityFor(chain, known);
    } catch (error) {
      // A certificate that cannot even be compared is nobody's.
      this.#service.context.log('info', 'a client certificate cannot be read', { reason: messageOf(error) });
    }
    if (authority === undefined) return undefined;
    const work = this.#run(authority, certificate, known)
      .catch((error: unknown) => {
        const { log } = this.#service.context;
        log('warn', 'just-in-time registration failed', { certificateId: id, reason: messageOf(error) });
      })
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, work);
    return work;
  }

  #authorityFor(
    [certificate, issuer]: readonly X509Certificate[],
    known: CertificateRecord | undefined,
  ): CaCertificateRecord | undefined {
    const { registry } = this.#service;
    // A certificate that waits for its activation is one of its CA's only if that CA registered it.
    if (known !== undefined && known.caCertificateId === undefined) return undefined;
    const signers = registry.caCertificates
      .signersOf(certificate as X509Certificate)
      .filter(({ id, status, autoRegistration }) => {
        return status === 'ACTIVE' && autoRegistration && (known === undefined || known.caCertificateId === id);
      });
    const sent = issuer === undefined ? undefined : certificateIdOf(issuer);
    return signers.find(({ id }) => id === sent) ?? signers[0];
  }

  async #run(
    authority: CaCertificateRecord,
    certificate: X509Certificate,
    known: CertificateRecord | undefined,
  ): Promise<void> {
    const { context, registry } = this.#service;
    const record = known ?? registry.certificates.registerBy(authority, certificate.toString(), 'PENDING_ACTIVATION');
    await context.store.durable();
    if (authority.registrationConfig === undefined) await this.#announce(authority, record);
    else await this.#provision(authority, record);
  }

  /** "When AWS IoT automatically registers a certificate or when a client presents a certificate in the PENDING_ACTIVATION status" */
  async #announce(authority: CaCertificateRecord, record: CertificateRecord): Promise<void> {
    const { account, clock, ports } = this.#service.context;
    const event = {
      certificateId: record.id,
      caCertificateId: authority.id,
      timestamp: clock.now(),
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: account.accountId,
      certificateRegistrationTimestamp: String(record.creationDate),
    };
    await ports.get('broker').publish({
      topic: `$aws/events/certificates/registered/${authority.id}`,
      payload: Buffer.from(JSON.stringify(event)),
      qos: 1,
      retain: false,
      receivedAt: clock.now(),
    });
  }

  /** @throws AwsError or ProvisioningRejection; the certificate then stays PENDING_ACTIVATION */
  async #provision(authority: CaCertificateRecord, record: CertificateRecord): Promise<void> {
    const { context, registry } = this.#service;
    const { body, roleArn } = this.#templateOf(authority);
    const template = parseTemplate(body, 'JITP');
    const parameters = templateParameters(template, subjectParameters(record.pem), record.id);
    const plan = planRegistration(template, parameters);
    const role = assumeProvisioningRole(context, roleArn, registry.state.arn('cacert', authority.id), record.id);
    await registerResources(context, role, record.id, plan);
    await context.store.durable();
  }

  #templateOf({ registrationConfig: config }: CaCertificateRecord): { body: string; roleArn: string } {
    if (config === undefined) throw invalidTemplate('the CA certificate has no registration configuration');
    if ('templateBody' in config) return { body: config.templateBody, roleArn: config.roleArn };
    const template = this.#service.registry.templates.get(config.templateName);
    if (!template.enabled) {
      throw new AwsError('UnauthorizedException', `Provisioning template ${template.name} is not enabled.`, 401);
    }
    return { body: defaultVersionOf(template).body, roleArn: template.provisioningRoleArn };
  }

  #isValidNow(certificate: X509Certificate): boolean {
    const now = this.#service.context.clock.now();
    return Date.parse(certificate.validFrom) <= now && now <= Date.parse(certificate.validTo);
  }
}

function subjectParameters(pem: string): Map<string, string> {
  const { subjectName } = new x509.X509Certificate(pem);
  const values = new Map<string, string>();
  for (const [parameter, oid] of SUBJECT_PARAMETERS) {
    const [value] = subjectName.getField(oid);
    if (value !== undefined && value !== '') values.set(parameter, value);
  }
  return values;
}
