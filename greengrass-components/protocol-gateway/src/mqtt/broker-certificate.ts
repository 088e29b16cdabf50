import 'reflect-metadata';
import { webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto as never);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
const CA_LIFETIME_MS = 20 * 365 * DAY_MS;
const LIFETIME_MS = 365 * DAY_MS;
const RENEW_BEFORE_MS = 60 * DAY_MS;

export interface BrokerIdentity {
  readonly key: string;
  readonly certificate: string;
}

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly key: CryptoKey;
}

type CryptoKey = webcrypto.CryptoKey;

/**
 * The broker's own key and certificate: of the files that are configured, or made and kept in `<directory>`:
 * `broker-ca.crt` is what operators give to devices; `broker.crt` is renewed with its key two months before its end, or when the
 * names change, and devices need not hear of it. Keys are readable for the component alone.
 */
export async function brokerIdentity(
  directory: string,
  configured: { certificateFile?: string; keyFile?: string; names: readonly string[] },
  now: number,
): Promise<BrokerIdentity> {
  const { certificateFile, keyFile, names } = configured;
  if (certificateFile !== undefined && keyFile !== undefined) {
    return { certificate: await readFile(certificateFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const authority = await loadAuthority(directory, now);
  const all = [...new Set([hostname(), 'localhost', '127.0.0.1', ...names])];
  const known = await existing(directory, 'broker');
  if (known !== undefined && isUsable(known.certificate, authority, all, now)) return known;
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: `CN=${all[0]?.slice(0, 64) ?? 'localhost'}`,
    issuer: authority.certificate.subject,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: authority.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        all.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
      ),
    ],
  });
  const identity = { key: await pemOf(keys.privateKey), certificate: certificate.toString('pem') };
  await keep(join(directory, 'broker.key'), identity.key, 0o600);
  await keep(join(directory, 'broker.crt'), identity.certificate, 0o644);
  return identity;
}

async function loadAuthority(directory: string, now: number): Promise<Authority> {
  const known = await existing(directory, 'broker-ca');
  if (known !== undefined) {
    const der = Buffer.from(known.key.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const key = await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
    return { certificate: new x509.X509Certificate(known.certificate), key };
  }
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=Plant broker of ${hostname().slice(0, 40)}`,
    notBefore: new Date(now - 3_600_000),
    notAfter: new Date(now + CA_LIFETIME_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  await keep(join(directory, 'broker-ca.key'), await pemOf(keys.privateKey), 0o600);
  await keep(join(directory, 'broker-ca.crt'), certificate.toString('pem'), 0o644);
  return { certificate, key: keys.privateKey };
}

/** A key with its certificate. What a `kill -9` left by halves is made anew. */
async function existing(directory: string, name: string): Promise<BrokerIdentity | undefined> {
  try {
    const key = await readFile(join(directory, `${name}.key`), 'utf8');
    const certificate = await readFile(join(directory, `${name}.crt`), 'utf8');
    const { publicKey } = new X509Certificate(certificate);
    const { createPrivateKey, createPublicKey } = await import('node:crypto');
    const own = createPublicKey(createPrivateKey(key));
    return own.equals(publicKey) ? { key, certificate } : undefined;
  } catch {
    return undefined;
  }
}

function isUsable(pem: string, { certificate }: Authority, names: readonly string[], now: number): boolean {
  const own = new X509Certificate(pem);
  if (!own.verify(new X509Certificate(certificate.toString('pem')).publicKey)) return false;
  if (Date.parse(own.validTo) - now < RENEW_BEFORE_MS) return false;
  return names.every((name) => (isIP(name) === 0 ? own.checkHost(name) : own.checkIP(name)) !== undefined);
}

async function pemOf(key: CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${der.match(/.{1,64}/g)?.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** Positive and 16 bytes long (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x01;
  return bytes.toString('hex');
}

async function keep(path: string, text: string, mode: number): Promise<void> {
  await writeFile(`${path}.new`, text, { mode });
  await rename(`${path}.new`, path);
}
