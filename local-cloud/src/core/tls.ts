import { createPrivateKey, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from './clock.ts';
import { type Entropy, systemEntropy } from './entropy.ts';
import { CloudError, messageOf } from './errors.ts';
import { issueRootCa, issueServerCertificate, type KeyAndCertificate } from './tls-certificates.ts';

/** The server's own certificate and the CA that signed it, as PEM. */
export interface ServerIdentity {
  readonly caCertificatePem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** A certificate this close to its end is made anew at the next start. ms */
const RENEWAL_WINDOW = 30 * 86_400_000;

/** The PEM file of the CA that clients must trust. It is there once the identity was loaded. */
export function caFile(dataDirectory: string): string {
  return join(dataDirectory, 'tls', 'ca.pem');
}

/**
 * The one identity that HTTPS and MQTT present, kept in `<dataDirectory>/tls/` (`ca.pem`, `ca-key.pem`, `server.pem`,
 * `server-key.pem`; keys readable by the owner alone). Made at the first start and renewed when near its end; a renewed
 * server certificate keeps the CA, so that clients which trust it go on working.
 *
 * @throws CloudError `DATA_DIRECTORY_UNUSABLE` when the directory cannot be written or holds something unreadable.
 */
export async function loadOrCreateServerIdentity(
  dataDirectory: string,
  clock: Clock,
  entropy: Entropy = systemEntropy,
): Promise<ServerIdentity> {
  const directory = join(dataDirectory, 'tls');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    let ca = load(directory, 'ca');
    if (ca === undefined || expiresSoon(ca, clock)) {
      ca = await issueRootCa(clock.now(), entropy);
      save(directory, 'ca', ca);
    }
    let server = load(directory, 'server');
    if (server === undefined || expiresSoon(server, clock) || !isSignedBy(server, ca)) {
      server = await issueServerCertificate(ca, clock.now(), entropy);
      save(directory, 'server', server);
    }
    return {
      caCertificatePem: ca.certificatePem,
      certificatePem: server.certificatePem,
      privateKeyPem: server.privateKeyPem,
    };
  } catch (cause) {
    throw new CloudError(
      'DATA_DIRECTORY_UNUSABLE',
      `cannot keep the server's certificate in ${directory}: ${messageOf(cause)}`,
      { cause },
    );
  }
}

function load(directory: string, name: string): KeyAndCertificate | undefined {
  const certificate = join(directory, `${name}.pem`);
  const key = join(directory, `${name}-key.pem`);
  if (!existsSync(certificate) || !existsSync(key)) return undefined;
  chmodSync(key, 0o600);
  const pair = { certificatePem: readFileSync(certificate, 'utf8'), privateKeyPem: readFileSync(key, 'utf8') };
  const parsed = new X509Certificate(pair.certificatePem);
  // A crash between the two writes of `save` leaves a key without its certificate: both are made anew.
  return parsed.checkPrivateKey(createPrivateKey(pair.privateKeyPem)) ? pair : undefined;
}

function save(directory: string, name: string, pair: KeyAndCertificate): void {
  replaceFile(join(directory, `${name}-key.pem`), pair.privateKeyPem, 0o600);
  replaceFile(join(directory, `${name}.pem`), pair.certificatePem, 0o644);
}

function replaceFile(path: string, text: string, mode: number): void {
  writeFileSync(`${path}.new`, text, { mode });
  chmodSync(`${path}.new`, mode);
  renameSync(`${path}.new`, path);
}

function expiresSoon(pair: KeyAndCertificate, clock: Clock): boolean {
  const certificate = new X509Certificate(pair.certificatePem);
  return Date.parse(certificate.validTo) - clock.now() < RENEWAL_WINDOW;
}

function isSignedBy(pair: KeyAndCertificate, ca: KeyAndCertificate): boolean {
  return new X509Certificate(pair.certificatePem).verify(new X509Certificate(ca.certificatePem).publicKey);
}
