import { X509Certificate } from 'node:crypto';

/** Certificates are changed when this much of their life is left. */
export interface ExpiryPolicy {
  /** ms before the end */
  readonly before: number;
  /** Even draw in [0, 1): spreads a fleet that was made in one day over the last tenth of `before`. */
  readonly draw: number;
}

/** ms since the epoch from which on the certificate should be changed. A certificate that lives less than `before` is changed halfway. */
export function rotationDueAt(certificatePem: string, { before, draw }: ExpiryPolicy): number {
  const { validFrom, validTo } = new X509Certificate(certificatePem);
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  const margin = Math.min(before, (to - from) / 2);
  return to - margin + draw * (margin / 10);
}
