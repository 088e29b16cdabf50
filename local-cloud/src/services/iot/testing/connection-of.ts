import type { X509Certificate } from 'node:crypto';
import type { DeviceConnection } from '../../../core/mqtt.ts';
import { certificateIdOf } from '../certificate-authority.ts';

/** A connection as it stands once a certificate was accepted, whatever became of the certificate since. */
export function connectionOf(certificate: X509Certificate, clientId: string, sourceIp = '127.0.0.1'): DeviceConnection {
  const certificateId = certificateIdOf(certificate);
  return { clientId, principalId: certificateId, certificateId, sourceIp };
}
