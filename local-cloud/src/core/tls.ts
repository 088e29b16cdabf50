/** The server's own certificate and the CA that signed it, as PEM. */
export interface ServerIdentity {
  readonly caCertificatePem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}
