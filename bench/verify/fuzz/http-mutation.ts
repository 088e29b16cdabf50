import type { Dice } from '../dice.ts';
import type { CorpusRequest } from './corpus/capture.ts';
import { mutateBytes } from './mutate-bytes.ts';
import { mutateJson } from './mutate-json.ts';

/** Headers that change how a request is read. */
const ODD_HEADERS: readonly (readonly [string, string])[] = [
  ['content-type', 'text/plain'],
  ['content-type', 'application/x-amz-json-1.1; charset=utf-16'],
  ['content-type', 'application/x-www-form-urlencoded'],
  ['content-type', ''],
  ['content-encoding', 'gzip'],
  ['content-encoding', 'aws-chunked'],
  ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'],
  ['x-amz-content-sha256', 'STREAMING-UNSIGNED-PAYLOAD-TRAILER'],
  ['x-amz-content-sha256', 'UNSIGNED-PAYLOAD'],
  ['x-amz-decoded-content-length', '9999999999999'],
  ['x-amz-decoded-content-length', '-1'],
  ['x-amz-checksum-crc32', 'AAAA'],
  ['x-amz-checksum-sha256', '%%%'],
  ['x-amz-trailer', 'x-amz-checksum-crc32'],
  ['x-amz-security-token', 'nonsense'],
  ['x-amz-target', 'AmazonSQS.NoSuchOperation'],
  ['x-amz-target', 'DynamoDB_20120810.CreateTable.More'],
  ['x-amz-target', '__proto__.constructor'],
  ['x-amzn-query-mode', 'true'],
  ['content-md5', 'AAAAAAAAAAAAAAAAAAAAAA=='],
  ['range', 'bytes=9-1'],
  ['range', 'bytes=-0,0-'],
  ['if-match', '"'],
  ['if-modified-since', 'never'],
  ['expect', '100-continue'],
  ['accept-encoding', 'br'],
  ['x-amz-copy-source', '/%zz/%'],
  ['x-amz-date', '20260101T000000Z'],
  ['x-amz-meta-a', '\u00ff'],
  ['host', 'verify.s3.localhost'],
  ['host', '..localhost'],
];

/** A real request with one or two things about it changed, before it is signed: it passes authentication. */
export function mutateRequest(dice: Dice, original: CorpusRequest, corpus: readonly CorpusRequest[]): CorpusRequest {
  let request = original;
  for (let count = dice.between(1, 2); count > 0; count--) request = mutateOnce(dice, request, corpus);
  return { ...request, path: printable(request.path) };
}

function mutateOnce(dice: Dice, request: CorpusRequest, corpus: readonly CorpusRequest[]): CorpusRequest {
  const place = dice.weighted({ content: 60, bytes: 12, path: 10, query: 6, header: 8, other: 4 });
  switch (place) {
    case 'content':
      return { ...request, body: mutateContent(dice, request) };
    case 'bytes':
      return {
        ...request,
        body: request.body.length === 0 ? dice.bytes(dice.int(40)) : mutateBytes(dice, request.body),
      };
    case 'path':
      return { ...request, path: mutatePath(dice, request.path) };
    case 'query':
      return { ...request, query: { ...request.query, ...oddQuery(dice) } };
    case 'header': {
      const [name, value] = dice.pick(ODD_HEADERS);
      return { ...request, headers: { ...request.headers, [name]: value } };
    }
    case 'other': {
      // The body of one operation under the name of another, or another method.
      const other = dice.pick(corpus);
      if (dice.chance(0.5))
        return { ...request, method: dice.pick(['GET', 'PUT', 'POST', 'DELETE', 'HEAD', 'PATCH', 'OPTIONS']) };
      return { ...other, name: `${other.name} with the body of ${request.name}`, body: request.body };
    }
  }
}

/** Understands the three ways in which AWS APIs write their input, so that what is damaged is its content. */
function mutateContent(dice: Dice, { body, headers }: CorpusRequest): Buffer {
  if (body.length === 0) return body;
  const text = body.toString('utf8');
  const value = text.startsWith('{') ? parsed(text) : undefined;
  if (value !== undefined) return Buffer.from(JSON.stringify(mutateJson(dice, value)) ?? 'null');
  if ((headers['content-type'] ?? '').includes('form-urlencoded')) {
    const fields = Object.fromEntries(new URLSearchParams(text));
    const mutated = mutateJson(dice, fields);
    if (typeof mutated !== 'object' || mutated === null) return mutateBytes(dice, body);
    const pairs = Object.entries(mutated).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]);
    return Buffer.from(new URLSearchParams(pairs as [string, string][]).toString());
  }
  if (text.startsWith('<')) return Buffer.from(mutateXml(dice, text));
  return mutateBytes(dice, body);
}

/** Undefined for text that an earlier mutation has broken. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function mutateXml(dice: Dice, text: string): string {
  const at = dice.int(text.length);
  switch (dice.int(6)) {
    case 0:
      return `<!DOCTYPE x [<!ENTITY e "x"><!ENTITY f "&e;&e;&e;">]>${text}`;
    case 1:
      return text.replace(
        />([^<]+)</,
        `>${dice.pick(['', '&#0;', '&undefined;', ']]>', '<![CDATA[', '\u0001', '-1'])}<`,
      );
    case 2:
      return text.slice(0, at);
    case 3:
      return '<a>'.repeat(dice.pick([10, 5_000])) + text;
    case 4:
      return text.replace(/<(\w+)>/, '<$1 __proto__="1" xmlns:x="y">');
    default:
      return mutateBytes(dice, Buffer.from(text)).toString('utf8');
  }
}

function mutatePath(dice: Dice, path: string): string {
  const segments = path.split('/');
  const at = dice.int(segments.length);
  const odd = [
    '',
    '.',
    '..',
    '%2e%2e',
    '%00',
    '%ff',
    '%',
    '%zz',
    'a'.repeat(2_000),
    '%F0%9D%92%B3',
    '__proto__',
    '*',
    '{a}',
    '~',
    '%2F',
    ';a=b',
  ];
  if (dice.chance(0.7)) segments[at] = dice.pick(odd);
  else if (dice.chance(0.5)) segments.splice(at, 0, dice.pick(odd));
  else segments.splice(at, 1);
  const joined = segments.join('/');
  return joined.startsWith('/') ? joined : `/${joined}`;
}

function oddQuery(dice: Dice): Record<string, string> {
  const names = [
    'max-keys',
    'maxResults',
    'list-type',
    'uploadId',
    'partNumber',
    'versionId',
    'X-Amz-Expires',
    'Action',
    'acl',
    '__proto__',
    '',
  ];
  return { [dice.pick(names)]: dice.pick(['', '-1', '1e9', '\u0000', 'a'.repeat(3_000), '%', '&', 'ü', 'NaN']) };
}

/** HTTP clients refuse to send anything else in a path. */
function printable(path: string): string {
  return path.replace(/[^\x21-\x7e]/g, (character) => encodeURIComponent(character));
}
