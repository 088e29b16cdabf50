import { x509 } from '../../local-cloud/src/core/x509.ts';
import { makeForeignCertificate } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { ARN, allow, type PolicyProbe, startProbe } from '../../local-cloud/src/services/iot/testing/policy-probe.ts';

// Cases from the policies that the AWS IoT developer guide prints, with what it says of them; pages named per block.

let probe: PolicyProbe;

beforeEach(async () => {
  probe = await startProbe();
});

afterEach(() => probe.iot.cloud.close());

describe('certificate variables (cert-policy-variables, certificate-policy-examples)', () => {
  test('the certificate id', async () => {
    await probe.attach([allow('iot:Publish', `${ARN}topic/\${iot:CertificateId}`)]);
    probe.expectCases('c', [['iot:Publish', probe.principal().split('/')[1] as string, true]]);
  });

  test('the first value, a value by index, and all values', async () => {
    await probe.use(await makeForeignCertificate('CN=first, CN=Administrator, O=AnyCompany'));
    const organizations = ['Example Corp', 'AnyCompany'];
    await probe.attach([
      allow('iot:Publish', `${ARN}topic/\${iot:Certificate.Subject.CommonName}`),
      allow('iot:Publish', `${ARN}topic/admin/*`, {
        StringEquals: { 'iot:Certificate.Subject.CommonName.1': 'Administrator' },
      }),
      allow('iot:Publish', `${ARN}topic/third`, { StringLike: { 'iot:Certificate.Subject.CommonName.2': '*' } }),
      allow('iot:Publish', `${ARN}topic/third/\${iot:Certificate.Subject.CommonName.2}`),
      allow('iot:Publish', `${ARN}topic/any`, {
        'ForAnyValue:StringEquals': { 'iot:Certificate.Subject.CommonName.List': 'Administrator' },
      }),
      allow('iot:Publish', `${ARN}topic/all`, {
        'ForAllValues:StringEquals': { 'iot:Certificate.Subject.Organization.List': organizations },
      }),
      allow('iot:Publish', `${ARN}topic/issuer/\${iot:Certificate.Issuer.Organization}`),
    ]);
    probe.expectCases('c', [
      ['iot:Publish', 'first', true],
      ['iot:Publish', 'Administrator', false],
      ['iot:Publish', 'admin/x', true],
      ['iot:Publish', 'third', false],
      ['iot:Publish', 'third/', false],
      ['iot:Publish', 'any', true],
      ['iot:Publish', 'all', true],
      ['iot:Publish', 'issuer/AnyCompany', true],
    ]);
  });

  test('a value with wildcard characters or over 1,024 characters replaces nothing, special characters are escaped', async () => {
    const name: Record<string, string[]>[] = [
      { CN: ['a*b'] },
      { O: ['Corp; Inc.'] },
      { OU: ['unit #1'] },
      { ST: ['x'.repeat(1025)] },
    ];
    await probe.use(await makeForeignCertificate(name));
    await probe.attach([
      allow('iot:Publish', [
        `${ARN}topic/cn/\${iot:Certificate.Subject.CommonName}`,
        `${ARN}topic/o/\${iot:Certificate.Subject.Organization}`,
        `${ARN}topic/ou/\${iot:Certificate.Subject.OrganizationalUnit}`,
        `${ARN}topic/st/\${iot:Certificate.Subject.State}`,
      ]),
    ]);
    probe.expectCases('c', [
      ['iot:Publish', 'cn/a*b', false],
      ['iot:Publish', 'cn/axb', false],
      ['iot:Publish', 'o/Corp\\; Inc.', true],
      ['iot:Publish', 'ou/unit #1', false],
      ['iot:Publish', `st/${'x'.repeat(1025)}`, false],
    ]);
  });

  test('alternative names, the serial number and the available keys', async () => {
    const names = new x509.SubjectAlternativeNameExtension([
      { type: 'dns', value: 'one.example.com' },
      { type: 'dns', value: 'two.example.com' },
      { type: 'email', value: 'someone@example.com' },
      { type: 'ip', value: '192.0.2.1' },
    ]);
    const certificate = await makeForeignCertificate('CN=named', [names]);
    const serial = new x509.X509Certificate(certificate.toString()).serialNumber;
    await probe.use(certificate);
    const subject = 'iot:Certificate.Subject.AlternativeName';
    await probe.attach([
      allow('iot:Publish', `${ARN}topic/\${${subject}.DNSName}/\${${subject}.RFC822Name}/\${${subject}.IPAddress}`),
      allow('iot:Publish', `${ARN}topic/second/\${${subject}.DNSName.1}`),
      allow('iot:Publish', `${ARN}topic/serial/\${iot:Certificate.SerialNumber}`),
      allow('iot:Publish', `${ARN}topic/keys`, {
        'ForAnyValue:StringEquals': { 'iot:Certificate.AvailableKeys': `${subject}.DNSName` },
      }),
      allow('iot:Publish', `${ARN}topic/nokeys`, {
        'ForAnyValue:StringEquals': { 'iot:Certificate.AvailableKeys': `${subject}.DirectoryName` },
      }),
    ]);
    probe.expectCases('c', [
      ['iot:Publish', 'one.example.com/someone@example.com/192.0.2.1', true],
      ['iot:Publish', 'second/two.example.com', true],
      ['iot:Publish', `serial/${serial}`, true],
      ['iot:Publish', 'keys', true],
      ['iot:Publish', 'nokeys', false],
    ]);
  });
});
