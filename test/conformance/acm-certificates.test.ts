import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  ACMClient,
  AddTagsToCertificateCommand,
  DeleteCertificateCommand,
  DescribeCertificateCommand,
  ExportCertificateCommand,
  GetCertificateCommand,
  ImportCertificateCommand,
  ListCertificatesCommand,
  ListTagsForCertificateCommand,
  RemoveTagsFromCertificateCommand,
  RequestCertificateCommand,
} from '@aws-sdk/client-acm';
import { createAcmPlugin } from '../../local-cloud/src/services/acm/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';
import type { KeyAndCertificate } from '../support/certificates.ts';
import { type CodeSigningCertificate, codeSigningCertificate } from '../support/code-signing-certificate.ts';

// source: ACM API reference; ACM user guide, "Prerequisites for importing certificates"

const DAY = 86_400_000;
const encode = (pem: string) => Buffer.from(pem);

let https: HttpsCloud;
let acm: ACMClient;
let signing: CodeSigningCertificate;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createAcmPlugin] });
  acm = new ACMClient(https.client());
  signing = await codeSigningCertificate('firmware@example.com');
});

afterAll(async () => {
  acm.destroy();
  await https.close();
});

function importing(pair: KeyAndCertificate, chain?: string, CertificateArn?: string) {
  return acm.send(
    new ImportCertificateCommand({
      Certificate: encode(pair.certificatePem),
      PrivateKey: encode(pair.privateKeyPem),
      ...(chain === undefined ? {} : { CertificateChain: encode(chain) }),
      ...(CertificateArn === undefined ? {} : { CertificateArn }),
    }),
  );
}

// source: API reference, "ImportCertificate", "DescribeCertificate", "GetCertificate"
test('an imported code-signing certificate is described by its own content', async () => {
  const { CertificateArn } = await importing(signing);
  expect(CertificateArn).toMatch(/^arn:aws:acm:us-east-1:123456789012:certificate\/[0-9a-f-]{36}$/);
  const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }));
  expect(Certificate).toMatchObject({
    CertificateArn,
    Type: 'IMPORTED',
    Status: 'ISSUED',
    KeyAlgorithm: 'EC_prime256v1',
    SignatureAlgorithm: 'SHA256WITHECDSA',
    DomainName: 'firmware@example.com',
    Subject: 'CN=firmware@example.com',
    Serial: '0a:0b',
    InUseBy: [],
    KeyUsages: [{ Name: 'DIGITAL_SIGNATURE' }],
    ExtendedKeyUsages: [{ Name: 'CODE_SIGNING', OID: '1.3.6.1.5.5.7.3.3' }],
    RenewalEligibility: 'INELIGIBLE',
  });
  const got = await acm.send(new GetCertificateCommand({ CertificateArn }));
  expect(got.Certificate?.replace(/\s/g, '')).toBe(signing.certificatePem.replace(/\s/g, ''));
  expect(got.CertificateChain).toBeUndefined();
});

// source: user guide, "Prerequisites for importing certificates"
describe('ImportCertificate refuses with ValidationException', () => {
  const refused = { name: 'ValidationException' };

  test('a private key of another certificate', async () => {
    const other = await codeSigningCertificate('other');
    await expect(importing({ ...signing, privateKeyPem: other.privateKeyPem })).rejects.toMatchObject(refused);
  });

  test('certificates outside their validity', async () => {
    const expired = await codeSigningCertificate('old', {
      notBefore: Date.now() - 2 * DAY,
      notAfter: Date.now() - DAY,
    });
    const early = await codeSigningCertificate('early', { notBefore: Date.now() + DAY });
    for (const pair of [expired, early]) await expect(importing(pair)).rejects.toMatchObject(refused);
  });

  test('more than one certificate, rubbish, and encrypted keys', async () => {
    const two = signing.certificatePem + signing.certificatePem;
    await expect(importing({ ...signing, certificatePem: two })).rejects.toMatchObject(refused);
    await expect(importing({ ...signing, certificatePem: 'rubbish' })).rejects.toMatchObject(refused);
    const encrypted = '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n';
    await expect(importing({ ...signing, privateKeyPem: encrypted })).rejects.toMatchObject(refused);
  });

  test('keys larger than 5,120 bytes', async () => {
    const padded = `${signing.privateKeyPem}${' '.repeat(5120)}`;
    await expect(importing({ ...signing, privateKeyPem: padded })).rejects.toMatchObject(refused);
  });

  test('a chain that did not sign the certificate', async () => {
    const stranger = await codeSigningCertificate('stranger', { ca: true });
    await expect(importing(signing, stranger.certificatePem)).rejects.toMatchObject(refused);
  });
});

test('a certificate comes back with the chain that signed it', async () => {
  const root = await codeSigningCertificate('root', { ca: true });
  const leaf = await codeSigningCertificate('leaf', { issuer: root });
  const { CertificateArn } = await importing(leaf, root.certificatePem);
  const { CertificateChain } = await acm.send(new GetCertificateCommand({ CertificateArn }));
  expect(CertificateChain?.replace(/\s/g, '')).toBe(root.certificatePem.replace(/\s/g, ''));
});

// source: API reference, "ImportCertificate": reimport keeps the ARN; the new certificate has the same key type
test('a certificate imported again keeps its ARN, and cannot change its kind of key', async () => {
  const { CertificateArn = '' } = await importing(signing);
  const next = await codeSigningCertificate('next');
  expect(await importing(next, undefined, CertificateArn)).toMatchObject({ CertificateArn });
  const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }));
  expect(Certificate?.Subject).toBe('CN=next');
  const other = await codeSigningCertificate('p384', { curve: 'P-384' });
  await expect(importing(other, undefined, CertificateArn)).rejects.toMatchObject({ name: 'ValidationException' });
});

// source: API reference, "ListCertificates", "Filters": by default RSA_1024 and RSA_2048 alone
test('lists hold RSA certificates unless other key types are asked for', async () => {
  const rsa = await importing(await codeSigningCertificate('rsa', { rsaBits: 2048 }));
  const byDefault = await acm.send(new ListCertificatesCommand({}));
  expect(byDefault.CertificateSummaryList?.map((one) => one.CertificateArn)).toEqual([rsa.CertificateArn]);
  const curves = await acm.send(
    new ListCertificatesCommand({ Includes: { keyTypes: ['EC_prime256v1'], extendedKeyUsage: ['CODE_SIGNING'] } }),
  );
  expect(curves.CertificateSummaryList?.length).toBeGreaterThan(0);
  expect(curves.CertificateSummaryList?.every((one) => one.KeyAlgorithm === 'EC_prime256v1')).toBe(true);
});

// source: API reference, "AddTagsToCertificate", "RemoveTagsFromCertificate"
test('tags are added and removed, by value where one is given', async () => {
  const { CertificateArn } = await importing(signing);
  const Tags = [
    { Key: 'a', Value: '1' },
    { Key: 'b', Value: '2' },
  ];
  await acm.send(new AddTagsToCertificateCommand({ CertificateArn, Tags }));
  await acm.send(
    new RemoveTagsFromCertificateCommand({ CertificateArn, Tags: [{ Key: 'a', Value: '9' }, { Key: 'b' }] }),
  );
  const listed = await acm.send(new ListTagsForCertificateCommand({ CertificateArn }));
  expect(listed.Tags).toEqual([{ Key: 'a', Value: '1' }]);
});

// source: API reference, "DeleteCertificate": ResourceInUseException, ResourceNotFoundException
test('a certificate in use stays, and is gone once deleted', async () => {
  const { CertificateArn = '' } = await importing(signing);
  const users = new Set(['arn:aws:signer:us-east-1:123456789012:/signing-profiles/ota']);
  https.cloud.ports.get('importedCertificates').onUse((arn) => (arn === CertificateArn ? [...users] : []));
  const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn }));
  expect(Certificate?.InUseBy).toEqual([...users]);
  const remove = () => acm.send(new DeleteCertificateCommand({ CertificateArn }));
  await expect(remove()).rejects.toMatchObject({ name: 'ResourceInUseException' });
  users.clear();
  await remove();
  await expect(acm.send(new GetCertificateCommand({ CertificateArn }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
});

// source: API reference, "ExportCertificate": certificates that ACM issued; "Errors": InvalidArnException
test('a private key is never handed out, and ARNs of other things are refused', async () => {
  const { CertificateArn } = await importing(signing);
  await expect(
    acm.send(new ExportCertificateCommand({ CertificateArn, Passphrase: encode('secret') })),
  ).rejects.toMatchObject({ name: 'ValidationException' });
  await expect(
    acm.send(new DescribeCertificateCommand({ CertificateArn: 'arn:aws:s3:::bucket/certificate' })),
  ).rejects.toMatchObject({ name: 'InvalidArnException' });
});

// assumed: no domain can be validated here, so that a certificate asked for would never be issued
test('a request for a certificate answers 501', async () => {
  await expect(acm.send(new RequestCertificateCommand({ DomainName: 'example.com' }))).rejects.toMatchObject({
    $metadata: { httpStatusCode: 501 },
  });
});

// assumed: a key that nobody may export lies on disk only sealed
test('private keys are kept sealed under a key file of the owner', async () => {
  await importing(signing);
  await https.cloud.store.durable();
  const directory = https.cloud.dataDirectory;
  expect(statSync(join(directory, 'acm', 'private-keys.key')).mode & 0o777).toBe(0o600);
  const body = signing.privateKeyPem.split('\n')[1]?.slice(0, 60) as string;
  expect(readFileSync(join(directory, 'store', 'state.lmdb')).includes(body)).toBe(false);
});
