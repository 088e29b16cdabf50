/** Cipher suites of TLS by their number: those that AWS IoT takes (developer guide, `transport-security`). */
const SUPPORTED: ReadonlyMap<number, string> = new Map([
  [0xc02b, 'ECDHE-ECDSA-AES128-GCM-SHA256'],
  [0xc02f, 'ECDHE-RSA-AES128-GCM-SHA256'],
  [0xc023, 'ECDHE-ECDSA-AES128-SHA256'],
  [0xc027, 'ECDHE-RSA-AES128-SHA256'],
  [0xc009, 'ECDHE-ECDSA-AES128-SHA'],
  [0xc013, 'ECDHE-RSA-AES128-SHA'],
  [0xc02c, 'ECDHE-ECDSA-AES256-GCM-SHA384'],
  [0xc030, 'ECDHE-RSA-AES256-GCM-SHA384'],
  [0xc024, 'ECDHE-ECDSA-AES256-SHA384'],
  [0xc028, 'ECDHE-RSA-AES256-SHA384'],
  [0xc014, 'ECDHE-RSA-AES256-SHA'],
  [0xc00a, 'ECDHE-ECDSA-AES256-SHA'],
  [0x009c, 'AES128-GCM-SHA256'],
  [0x003c, 'AES128-SHA256'],
  [0x002f, 'AES128-SHA'],
  [0x009d, 'AES256-GCM-SHA384'],
  [0x003d, 'AES256-SHA256'],
  [0x0035, 'AES256-SHA'],
  // TLS 1.3, after the 2023 guide
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
]);

const RECOMMENDED: ReadonlySet<number> = new Set([0xc02b, 0xc02f, 0x1301]);

/** Signals in the place of suites: RFC 5746 §3.3 and RFC 7507. */
const SIGNALS: ReadonlySet<number> = new Set([0x00ff, 0x5600]);

export interface CipherSuites {
  readonly recommended: readonly string[];
  readonly supported: readonly string[];
  /** Hexadecimal numbers of suites that AWS IoT does not take. */
  readonly unsupported: readonly string[];
}

/** Suites that a ClientHello offers (RFC 8446 §4.1.2); undefined for bytes that begin no TLS handshake. */
export function offeredSuites(record: Buffer): CipherSuites | undefined {
  // record header 5, handshake header 4, version 2, random 32
  if (record.length < 44 || record[0] !== 0x16 || record[5] !== 0x01) return undefined;
  const suitesAt = 44 + (record[43] as number);
  if (record.length < suitesAt + 2) return undefined;
  const end = suitesAt + 2 + record.readUInt16BE(suitesAt);
  if (record.length < end) return undefined;
  const recommended: string[] = [];
  const supported: string[] = [];
  const unsupported: string[] = [];
  for (let at = suitesAt + 2; at + 1 < end; at += 2) {
    const suite = record.readUInt16BE(at);
    if (SIGNALS.has(suite) || isGrease(suite)) continue;
    const name = SUPPORTED.get(suite);
    if (name === undefined) unsupported.push(`0x${suite.toString(16).padStart(4, '0')}`);
    else supported.push(name);
    if (name !== undefined && RECOMMENDED.has(suite)) recommended.push(name);
  }
  return { recommended, supported, unsupported };
}

/** RFC 8701: values that clients throw in. */
function isGrease(suite: number): boolean {
  return (suite & 0x0f0f) === 0x0a0a && suite >> 8 === (suite & 0xff);
}
