import { X509Certificate } from 'node:crypto';
import { certificateValidation } from '../errors.ts';

const ONE_CERTIFICATE = /^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$/;

/** Exactly one PEM certificate. @throws AwsError CertificateValidationException */
export function readCertificate(pem: string): X509Certificate {
  if (!ONE_CERTIFICATE.test(pem))
    throw certificateValidation('The certificate is not one PEM-encoded X.509 certificate');
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    const error = certificateValidation('The certificate could not be parsed');
    error.cause = cause;
    throw error;
  }
}
