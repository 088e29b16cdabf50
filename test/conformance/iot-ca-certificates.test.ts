import { certificateIdOf } from '../../local-cloud/src/services/iot/certificate-authority.ts';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority, type TestAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';

const NOW = Date.UTC(2026, 0, 1);
const CA_ARN = 'arn:aws:iot:us-east-1:123456789012:cacert/';
const ROLE = 'arn:aws:iam::123456789012:role/JITPRole';
const TEMPLATE = JSON.stringify({
  Parameters: { 'AWS::IoT::Certificate::CommonName': { Type: 'String' } },
  Resources: {
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
    },
  },
});

let iot: IotTestCloud;
let authority: TestAuthority;

beforeAll(async () => {
  authority = await makeAuthority('CN=Factory CA, O=Example', NOW);
});
beforeEach(async () => {
  iot = await startIot();
});
afterEach(() => iot.cloud.close());

interface Registered {
  certificateId: string;
  certificateArn: string;
}

const registrationCode = async () =>
  (await iot.call<{ registrationCode: string }>('GetRegistrationCode')).registrationCode;

async function register(ca: TestAuthority, options: object = {}): Promise<Registered> {
  const proof = await ca.issue(`CN=${await registrationCode()}`);
  return iot.call('RegisterCACertificate', {
    caCertificate: ca.certificatePem,
    verificationCertificate: proof.certificatePem,
    ...options,
  });
}

const describeCa = (certificateId: string) =>
  iot.call<{ certificateDescription: Record<string, unknown>; registrationConfig?: object }>('DescribeCACertificate', {
    certificateId,
  });

describe('registering a CA certificate', () => {
  // source: API reference, GetRegistrationCode
  test('the registration code is 64 hexadecimal digits and stays the same until it is deleted', async () => {
    const code = await registrationCode();
    expect(code).toMatch(/^[a-f0-9]{64}$/);
    expect(await registrationCode()).toBe(code);
    await iot.call('DeleteRegistrationCode');
    expect(await registrationCode()).not.toBe(code);
  });

  // source: register-CA-cert
  test('DEFAULT mode takes a CA whose key signed a certificate with the registration code as common name', async () => {
    const made = await register(authority);
    const certificateId = certificateIdOf(authority.certificate);
    expect(made).toEqual({ certificateId, certificateArn: CA_ARN + certificateId });
    // "The CA certificate has been registered with AWS IoT but is not active."
    expect(await describeCa(certificateId)).toEqual({
      certificateDescription: {
        certificateId,
        certificateArn: CA_ARN + certificateId,
        certificatePem: authority.certificatePem,
        status: 'INACTIVE',
        autoRegistrationStatus: 'DISABLE',
        certificateMode: 'DEFAULT',
        ownedBy: '123456789012',
        customerVersion: 1,
        generationId: expect.any(String),
        creationDate: new Date(NOW),
        lastModifiedDate: new Date(NOW),
        validity: { notBefore: new Date(NOW - 60_000), notAfter: new Date(NOW + 86_400_000) },
      },
    });
  });

  // source: API reference, RegisterCACertificate, "Errors"
  test('a verification certificate with another common name is refused', async () => {
    await registrationCode();
    const proof = await authority.issue('CN=something else');
    await expect(
      iot.call('RegisterCACertificate', {
        caCertificate: authority.certificatePem,
        verificationCertificate: proof.certificatePem,
      }),
    ).rejects.toMatchObject({ code: 'RegistrationCodeValidationException', statusCode: 400 });
  });

  // source: API reference, RegisterCACertificate, "Errors"
  test('a verification certificate of another CA, or a certificate that is no CA, is refused', async () => {
    const other = await makeAuthority('CN=Factory CA, O=Example', NOW);
    const proof = await other.issue(`CN=${await registrationCode()}`);
    const caCertificate = authority.certificatePem;
    await expect(
      iot.call('RegisterCACertificate', { caCertificate, verificationCertificate: proof.certificatePem }),
    ).rejects.toMatchObject({ code: 'CertificateValidationException', statusCode: 400 });
    const leaf = await makeAuthority('CN=leaf', NOW, false);
    await expect(register(leaf)).rejects.toMatchObject({ code: 'CertificateValidationException' });
    await expect(
      iot.call('RegisterCACertificate', { caCertificate: 'rubbish', certificateMode: 'SNI_ONLY' }),
    ).rejects.toMatchObject({ code: 'CertificateValidationException' });
  });

  // source: API reference, RegisterCACertificate, verificationCertificate
  test('the verification certificate is required in DEFAULT mode and must be empty in SNI_ONLY mode', async () => {
    const caCertificate = authority.certificatePem;
    await expect(iot.call('RegisterCACertificate', { caCertificate })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
    await expect(register(authority, { certificateMode: 'SNI_ONLY' })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
    const { certificateId } = await iot.call<Registered>('RegisterCACertificate', {
      caCertificate,
      certificateMode: 'SNI_ONLY',
      setAsActive: true,
      allowAutoRegistration: true,
    });
    expect((await describeCa(certificateId)).certificateDescription).toMatchObject({
      certificateMode: 'SNI_ONLY',
      status: 'ACTIVE',
      autoRegistrationStatus: 'ENABLE',
    });
  });

  // source: API reference, RegisterCACertificate, "Errors"
  test('a CA certificate is registered once', async () => {
    await register(authority);
    await expect(register(authority)).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      statusCode: 409,
    });
  });

  // source: API reference, RegisterCACertificate ("up to 10 CA certificates with the same CA subject field")
  test('an eleventh CA certificate with the same subject is refused', async () => {
    const registerNext = async () => {
      const { certificatePem } = await makeAuthority('CN=Same', NOW);
      return iot.call('RegisterCACertificate', { caCertificate: certificatePem, certificateMode: 'SNI_ONLY' });
    };
    for (let count = 0; count < 10; count++) await registerNext();
    await expect(registerNext()).rejects.toMatchObject({ code: 'LimitExceededException', statusCode: 410 });
  });
});

describe('a registered CA certificate', () => {
  // source: API reference, UpdateCACertificate
  test('is updated in status, auto registration and registration configuration', async () => {
    const { certificateId } = await register(authority);
    const registrationConfig = { templateBody: TEMPLATE, roleArn: ROLE };
    await iot.call('UpdateCACertificate', {
      certificateId,
      newStatus: 'ACTIVE',
      newAutoRegistrationStatus: 'ENABLE',
      registrationConfig,
    });
    expect(iot.cloud.asked.at(-1)).toMatchObject({ action: 'iam:PassRole', resource: ROLE });
    expect(await describeCa(certificateId)).toMatchObject({
      certificateDescription: { status: 'ACTIVE', autoRegistrationStatus: 'ENABLE', customerVersion: 2 },
      registrationConfig,
    });
    await iot.call('UpdateCACertificate', { certificateId, removeAutoRegistration: true });
    expect((await describeCa(certificateId)).registrationConfig).toBeUndefined();
  });

  // assumed: removeAutoRegistration ("removes auto registration") is taken to disable it along with its configuration
  test('does not register by itself once its auto registration is removed', async () => {
    const { certificateId } = await register(authority);
    await iot.call('UpdateCACertificate', { certificateId, newAutoRegistrationStatus: 'ENABLE' });
    await iot.call('UpdateCACertificate', { certificateId, removeAutoRegistration: true });
    expect((await describeCa(certificateId)).certificateDescription.autoRegistrationStatus).toBe('DISABLE');
  });

  // source: jit-provisioning ("can use only the values in the preceding list")
  test('takes no registration template with a parameter that certificates do not have', async () => {
    const { certificateId } = await register(authority);
    const templateBody = TEMPLATE.replace('::CommonName', '::Weight');
    const registrationConfig = { templateBody, roleArn: ROLE };
    await expect(iot.call('UpdateCACertificate', { certificateId, registrationConfig })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
  });

  // source: API reference, DeleteCACertificate
  test('is deleted only while it is inactive', async () => {
    const { certificateId } = await register(authority, { setAsActive: true });
    await expect(iot.call('DeleteCACertificate', { certificateId })).rejects.toMatchObject({
      code: 'CertificateStateException',
      statusCode: 406,
    });
    await iot.call('UpdateCACertificate', { certificateId, newStatus: 'INACTIVE' });
    await iot.call('DeleteCACertificate', { certificateId });
    await expect(describeCa(certificateId)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  // source: API reference, ListCACertificates
  test('is listed by age, by pages, and by the name of its template', async () => {
    await iot.call('CreateProvisioningTemplate', {
      templateName: 'jitp',
      templateBody: TEMPLATE,
      provisioningRoleArn: ROLE,
      type: 'JITP',
    });
    const { certificateId: first } = await register(authority, { registrationConfig: { templateName: 'jitp' } });
    await iot.cloud.clock.advance(1000);
    const { certificateId: second } = await register(await makeAuthority('CN=Second', NOW));
    const ids = async (input: object) => {
      const { certificates, nextMarker } = await iot.call<{ certificates: Registered[]; nextMarker?: string }>(
        'ListCACertificates',
        input,
      );
      return [certificates.map(({ certificateId }) => certificateId), nextMarker] as const;
    };
    expect(await ids({ ascendingOrder: true })).toEqual([[first, second], undefined]);
    const [page, marker] = await ids({ pageSize: 1 });
    expect([page, (await ids({ pageSize: 1, marker }))[0]]).toEqual([[second], [first]]);
    expect((await ids({ templateName: 'jitp' }))[0]).toEqual([first]);
  });

  // assumed: deleting the template would leave the CA without the registration it asks for
  test('keeps its provisioning template from being deleted', async () => {
    await iot.call('CreateProvisioningTemplate', {
      templateName: 'jitp',
      templateBody: TEMPLATE,
      provisioningRoleArn: ROLE,
      type: 'JITP',
    });
    await register(authority, { registrationConfig: { templateName: 'jitp' } });
    await expect(iot.call('DeleteProvisioningTemplate', { templateName: 'jitp' })).rejects.toMatchObject({
      code: 'DeleteConflictException',
    });
  });

  // source: tagging-iot
  test('has tags', async () => {
    const tags = [{ Key: 'site', Value: 'north' }];
    const { certificateArn: resourceArn } = await register(authority, { tags });
    expect(await iot.call('ListTagsForResource', { resourceArn })).toEqual({ tags });
  });
});

describe('RegisterCertificate', () => {
  // source: manual-cert-registration
  test('takes a certificate of an active registered CA, in the mode of the CA, inactive unless told otherwise', async () => {
    const { certificateId: caCertificateId } = await register(authority, { setAsActive: true });
    const device = await authority.issue('CN=device-1');
    const { certificateId } = await iot.call<Registered>('RegisterCertificate', {
      certificatePem: device.certificatePem,
      caCertificatePem: authority.certificatePem,
    });
    expect(await iot.call('DescribeCertificate', { certificateId })).toMatchObject({
      certificateDescription: { caCertificateId, status: 'INACTIVE', certificateMode: 'DEFAULT' },
    });
    const second = await authority.issue('CN=device-2');
    const active = await iot.call<Registered>('RegisterCertificate', {
      certificatePem: second.certificatePem,
      status: 'ACTIVE',
    });
    expect(iot.cloud.ports.get('devices').admit([second.certificate], 'localhost')).toBe(true);
    await iot.call('RegisterCertificateWithoutCA', {
      certificatePem: (await makeAuthority('CN=x', NOW)).certificatePem,
    });
    const listed = await iot.call<{ certificates: Registered[] }>('ListCertificatesByCA', { caCertificateId });
    expect(listed.certificates.map((found) => found.certificateId).sort()).toEqual(
      [certificateId, active.certificateId].sort(),
    );
  });

  // source: register-CA-cert ("must be active before you can register any client certificates it has signed")
  test('refuses a certificate of a CA that is inactive or not registered', async () => {
    await register(authority);
    const { certificatePem } = await authority.issue('CN=device');
    await expect(iot.call('RegisterCertificate', { certificatePem })).rejects.toMatchObject({
      code: 'CertificateStateException',
    });
    const stranger = await (await makeAuthority('CN=Stranger', NOW)).issue('CN=device');
    await expect(iot.call('RegisterCertificate', { certificatePem: stranger.certificatePem })).rejects.toMatchObject({
      code: 'CertificateValidationException',
    });
  });

  // source: RFC 5280 §6.1.3
  test('does not take a certificate whose issuer only bears the name of a registered CA', async () => {
    await register(authority, { setAsActive: true });
    const impostor = await makeAuthority('CN=Factory CA, O=Example', NOW);
    const { certificatePem } = await impostor.issue('CN=device');
    await expect(iot.call('RegisterCertificate', { certificatePem })).rejects.toMatchObject({
      code: 'CertificateValidationException',
    });
  });
});
