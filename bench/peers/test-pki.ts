import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Certificates for the peers: a CA, a server certificate for localhost, and one client certificate. */
export interface PeerPki {
  readonly caFile: string;
  readonly serverCertificateFile: string;
  readonly serverKeyFile: string;
  readonly clientCertificatePem: string;
  readonly clientKeyPem: string;
}

/** Uses the `openssl` command, as an operator of Mosquitto would. */
export function createPeerPki(directory: string): PeerPki {
  mkdirSync(directory, { recursive: true });
  const file = (name: string): string => join(directory, name);
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  openssl(
    'req',
    '-x509',
    ...key,
    '-keyout',
    file('ca.key'),
    '-out',
    file('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=bench CA',
  );
  for (const [name, subject] of [
    ['server', '/CN=localhost'],
    ['client', '/CN=client'],
  ] as const) {
    openssl('req', '-new', ...key, '-keyout', file(`${name}.key`), '-out', file(`${name}.csr`), '-subj', subject);
    openssl(
      ...['x509', '-req', '-in', file(`${name}.csr`), '-CA', file('ca.pem'), '-CAkey', file('ca.key')],
      ...['-CAcreateserial', '-out', file(`${name}.pem`), '-days', '2'],
    );
  }
  return {
    caFile: file('ca.pem'),
    serverCertificateFile: file('server.pem'),
    serverKeyFile: file('server.key'),
    clientCertificatePem: readFileSync(file('client.pem'), 'utf8'),
    clientKeyPem: readFileSync(file('client.key'), 'utf8'),
  };
}
