import { X509Certificate } from 'node:crypto';
import { isIP, type Socket } from 'node:net';
import { type DetailedPeerCertificate, rootCertificates, connect as tlsConnect } from 'node:tls';
import { openTunnel, type ProxySettings } from '../connection/proxy-tunnel.ts';
import { DeviceError } from '../errors.ts';
import type { ServerTime } from './judge-clock.ts';

export interface ServerTimeOptions {
  readonly url: string;
  /** PEM of the trusted CAs. @default those of Mozilla that come with Node.js */
  readonly caPem?: string | undefined;
  readonly proxy?: ProxySettings | undefined;
  readonly signal?: AbortSignal | undefined;
}

const TIMEOUT = 10_000;
/** RFC 9110 §5.6.7: the `Date` header has seconds. */
const DATE_RESOLUTION = 1_000;
const MAX_HEAD_BYTES = 16_384;
const MAX_CHAIN = 10;

/**
 * Asks a server for the time in a way that does not need it: certificates of the chain are verified in everything but
 * their dates, which {@link judgeClock} holds against the answer. Nothing is sent but `HEAD /`.
 * @throws DeviceError `CLOCK_WRONG` when the server is not who it should be or does not say
 */
export async function readServerTime({ caPem, proxy, signal, url }: ServerTimeOptions): Promise<ServerTime> {
  const { hostname, pathname, port } = new URL(url);
  const began = performance.now();
  const through = proxy && (await openTunnel(proxy, hostname, Number(port || 443)));
  const { chain, head } = await ask(hostname, Number(port || 443), pathname, caPem, through, signal);
  const took = performance.now() - began;
  const date = /^date:\s*(.+?)\s*$/im.exec(head)?.[1];
  const time = date === undefined ? Number.NaN : Date.parse(date);
  if (Number.isNaN(time)) throw new DeviceError('CLOCK_WRONG', `${hostname} does not say the time`);
  verifyChain(chain, hostname, caPem);
  return {
    time: time + DATE_RESOLUTION / 2,
    uncertainty: DATE_RESOLUTION / 2 + took / 2,
    validFrom: Math.max(...chain.map(({ validFrom }) => Date.parse(validFrom))),
    validTo: Math.min(...chain.map(({ validTo }) => Date.parse(validTo))),
  };
}

/** @throws DeviceError when the chain does not lead from that host to a trusted CA (RFC 5280 §6.1, without dates) */
export function verifyChain(chain: readonly X509Certificate[], hostname: string, caPem: string | undefined): void {
  const why = whyUntrusted(chain, hostname, caPem);
  if (why !== undefined) {
    throw new DeviceError('CLOCK_WRONG', `the server that was asked for the time is not trusted: ${why}`);
  }
}

function whyUntrusted(
  chain: readonly X509Certificate[],
  hostname: string,
  caPem: string | undefined,
): string | undefined {
  const [leaf] = chain;
  const named = isIP(hostname) === 0 ? leaf?.checkHost(hostname) : leaf?.checkIP(hostname);
  if (leaf === undefined || named === undefined) {
    return `its certificate is not for ${hostname}`;
  }
  for (const [index, certificate] of chain.slice(0, -1).entries()) {
    const issuer = chain[index + 1] as X509Certificate;
    if (!issued(certificate, issuer)) return 'its chain is broken';
  }
  const last = chain.at(-1) as X509Certificate;
  const trusted = trustAnchors(caPem);
  const anchored = trusted.some((anchor) => anchor.fingerprint256 === last.fingerprint256 || issued(last, anchor));
  return anchored ? undefined : 'its CA is unknown';
}

function issued(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function trustAnchors(caPem: string | undefined): X509Certificate[] {
  const pems = caPem?.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? rootCertificates;
  return pems.map((pem) => new X509Certificate(pem));
}

function ask(
  host: string,
  port: number,
  path: string,
  caPem: string | undefined,
  through: Socket | undefined,
  signal: AbortSignal | undefined,
): Promise<{ chain: X509Certificate[]; head: string }> {
  return new Promise((resolve, reject) => {
    const fail = (why: string): void => {
      socket.destroy();
      reject(new DeviceError('CLOCK_WRONG', `${host}:${port} cannot be asked for the time: ${why}`));
    };
    // The dates are what is in question; the rest of the chain is verified below.
    const socket = tlsConnect({
      host,
      port,
      servername: isIP(host) === 0 ? host : '',
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(caPem !== undefined && { ca: caPem }),
      ...(through !== undefined && { socket: through }),
    });
    const abort = (): void => fail('stopped');
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('close', () => {
      signal?.removeEventListener('abort', abort);
      fail('the connection was closed');
    });
    socket.setTimeout(TIMEOUT, () => fail(`no answer within ${TIMEOUT} ms`));
    socket.once('error', (error) => fail(error.message));
    let head = '';
    let chain: X509Certificate[] = [];
    socket.once('secureConnect', () => {
      chain = chainOf(socket.getPeerCertificate(true));
      socket.write(
        `HEAD ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nUser-Agent: fleetwright-device\r\n\r\n`,
      );
    });
    socket.on('data', (bytes: Buffer) => {
      head += bytes.toString('latin1');
      if (head.length > MAX_HEAD_BYTES) return fail('its answer is too long');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      resolve({ chain, head: head.slice(0, end) });
      socket.destroy();
      return undefined;
    });
  });
}

function chainOf(peer: DetailedPeerCertificate): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let at: DetailedPeerCertificate | undefined = peer;
  while (at?.raw !== undefined && chain.length < MAX_CHAIN) {
    const certificate = new X509Certificate(at.raw);
    if (chain.at(-1)?.fingerprint256 === certificate.fingerprint256) break;
    chain.push(certificate);
    at = at.issuerCertificate;
  }
  return chain;
}
