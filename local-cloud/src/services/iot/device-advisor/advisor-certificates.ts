import { createPrivateKey, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import type { Entropy } from '../../../core/entropy.ts';
import { CloudError, messageOf } from '../../../core/errors.ts';
import { issueRootCa, issueServerCertificate, type KeyAndCertificate } from '../../../core/tls-certificates.ts';
import { x509 } from '../../../core/x509.ts';

const DAY = 86_400_000;
const WRONG_NAME = 'wrong-host.fleetwright.invalid';

export interface AdvisorCertificates {
  /** As the local cloud's own. */
  readonly good: KeyAndCertificate;
  /** Of a CA that no device trusts. */
  readonly unknownCa: KeyAndCertificate;
  /** Of the trusted CA, for another host. */
  readonly wrongName: KeyAndCertificate;
}

/** @throws CloudError `DATA_DIRECTORY_UNUSABLE` where no local cloud has kept its CA yet */
export async function advisorCertificates(
  dataDirectory: string,
  clock: Clock,
  entropy: Entropy,
): Promise<AdvisorCertificates> {
  const ca = readCa(join(dataDirectory, 'tls'));
  const now = clock.now();
  return {
    good: await issueServerCertificate(ca, now, entropy),
    unknownCa: await issueServerCertificate(await issueRootCa(now, entropy), now, entropy),
    wrongName: await issueForAnotherHost(ca, now),
  };
}

function readCa(directory: string): KeyAndCertificate {
  try {
    return {
      certificatePem: readFileSync(join(directory, 'ca.pem'), 'utf8'),
      privateKeyPem: readFileSync(join(directory, 'ca-key.pem'), 'utf8'),
    };
  } catch (cause) {
    throw new CloudError('DATA_DIRECTORY_UNUSABLE', `there is no CA in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

async function issueForAnotherHost(ca: KeyAndCertificate, now: number): Promise<KeyAndCertificate> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(ca.privateKeyPem).export({ format: 'der', type: 'pkcs8' }),
    algorithm,
    false,
    ['sign'],
  );
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${WRONG_NAME}`,
    issuer: new x509.X509Certificate(ca.certificatePem).subject,
    publicKey: keys.publicKey,
    signingKey,
    notBefore: new Date(now - DAY),
    notAfter: new Date(now + DAY),
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: WRONG_NAME }])],
  });
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return {
    certificatePem: certificate.toString('pem'),
    privateKeyPem: key.export({ format: 'pem', type: 'pkcs8' }) as string,
  };
}
