import { invalidRequest } from '../rule-payload.ts';

/**
 * An HTTPS URL as the HTTP action takes it: "If you use an IP address …, it must be an IPv4 address"
 * (`https-rule-action`).
 *
 * @throws AwsError InvalidRequestException naming `field`
 */
export function requireHttpsUrl(text: string, field: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.protocol !== 'https:') throw invalidRequest(`${field} '${text}' must be an HTTPS URL`);
  if (url.hostname.startsWith('[')) throw invalidRequest(`${field} '${text}' must not have an IPv6 address`);
  if (url.username !== '' || url.password !== '') throw invalidRequest(`${field} must not hold credentials`);
  return url;
}

/** `url` begins with `prefix`, and on the same host: `https://a.example` is no prefix of `https://a.example.net`. */
export function isBelow(url: string, prefix: string): boolean {
  if (!url.startsWith(prefix) || !URL.canParse(url)) return false;
  return new URL(url).origin === new URL(prefix).origin;
}
