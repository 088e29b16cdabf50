import { ManualClock } from '../../clock.ts';
import { AwsChunkedDecoder } from '../aws-chunked.ts';
import { parseQuery, type RequestHead } from '../wire.ts';
import { SignatureVerifier } from './signature-verifier.ts';

/** Credentials of AWS's published examples. */
const SECRETS: Record<string, string> = {
  AKIAIOSFODNN7EXAMPLE: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  AKIDEXAMPLE: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const S3 = { signingName: 's3', family: 's3', global: false } as const;
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

function verifierAt(time: number): SignatureVerifier {
  const account = { partition: 'aws', accountId: '123456789012', region: 'us-east-1' } as const;
  return new SignatureVerifier(account, new ManualClock(time), {
    find: (accessKeyId) => {
      const secretAccessKey = SECRETS[accessKeyId];
      if (secretAccessKey === undefined) return undefined;
      return { credentials: { accessKeyId, secretAccessKey }, principal: { kind: 'anonymous' } };
    },
  });
}

function head(method: string, url: string, headers: Record<string, string>): RequestHead {
  const [path = '/', search = ''] = url.split('?');
  return { method, path, query: parseQuery(search), headers, url };
}

function authorization(signedHeaders: string, signature: string): string {
  return `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=${signedHeaders},Signature=${signature}`;
}

const MAY_2013 = Date.UTC(2013, 4, 24);
const HOST = { host: 'examplebucket.s3.amazonaws.com', 'x-amz-date': '20130524T000000Z' };

// Amazon S3 API reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
describe('the published examples of Amazon S3', () => {
  const listing = 'host;x-amz-content-sha256;x-amz-date';
  test.each([
    [
      'GET object',
      head('GET', '/test.txt', {
        ...HOST,
        range: 'bytes=0-9',
        'x-amz-content-sha256': EMPTY,
        authorization: authorization(
          'host;range;x-amz-content-sha256;x-amz-date',
          'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
        ),
      }),
    ],
    [
      'PUT object',
      head('PUT', '/test$file.text', {
        ...HOST,
        date: 'Fri, 24 May 2013 00:00:00 GMT',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
        'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
        authorization: authorization(
          'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
          '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
        ),
      }),
    ],
    [
      'GET bucket lifecycle',
      head('GET', '/?lifecycle', {
        ...HOST,
        'x-amz-content-sha256': EMPTY,
        authorization: authorization(listing, 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543'),
      }),
    ],
    [
      'GET bucket (list objects)',
      head('GET', '/?max-keys=2&prefix=J', {
        ...HOST,
        'x-amz-content-sha256': EMPTY,
        authorization: authorization(listing, '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7'),
      }),
    ],
  ])('%s', (_title, request) => {
    const hash = () => request.headers['x-amz-content-sha256'] as string;
    expect(verifierAt(MAY_2013).verify(request, S3, hash)?.request.accessKeyId).toBe('AKIAIOSFODNN7EXAMPLE');
    const tampered = { ...request, method: 'DELETE' };
    expect(() => verifierAt(MAY_2013).verify(tampered, S3, hash)).toThrow(
      expect.objectContaining({ code: 'SignatureDoesNotMatch', statusCode: 403 }),
    );
  });

  // "Authenticating Requests: Using Query Parameters (AWS Signature Version 4)"
  test('a presigned GET, for as long as it says', () => {
    const url =
      '/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404';
    const request = head('GET', url, { host: HOST.host });
    const verify = (time: number) => verifierAt(time).verify(request, S3, () => 'UNSIGNED-PAYLOAD');
    expect(verify(MAY_2013)?.request.expires).toBe(86_400);
    expect(verify(MAY_2013 + 86_400_000)).toBeDefined();
    expect(() => verify(MAY_2013 + 86_400_001)).toThrow('Request has expired');
    expect(() => verify(MAY_2013 - 16 * 60_000)).toThrow(expect.objectContaining({ code: 'RequestTimeTooSkewed' }));
  });
});

// IAM user guide, "Create a signed AWS API request" (the ListUsers example).
test('the published example of IAM', () => {
  const request = head('GET', '/?Action=ListUsers&Version=2010-05-08', {
    host: 'iam.amazonaws.com',
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'x-amz-date': '20150830T123600Z',
    authorization:
      'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
  });
  const service = { signingName: 'iam', family: 'query', global: true } as const;
  expect(verifierAt(Date.UTC(2015, 7, 30, 12, 36)).verify(request, service, () => EMPTY)).toBeDefined();
});

// Amazon S3 API reference, "Transferring Payload in Multiple Chunks (Chunked Upload)".
describe('the published example of signed chunks', () => {
  const CHUNKS = [
    ['10000', 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648', Buffer.alloc(65_536, 'a')],
    ['400', '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497', Buffer.alloc(1024, 'a')],
    ['0', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9', Buffer.alloc(0)],
  ] as const;
  const body = Buffer.concat(
    CHUNKS.flatMap(([size, signature, data]) => [
      Buffer.from(`${size};chunk-signature=${signature}\r\n`),
      data,
      Buffer.from('\r\n'),
    ]),
  );

  function decoder(): AwsChunkedDecoder {
    const request = head('PUT', '/examplebucket/chunkObject.txt', {
      host: 's3.amazonaws.com',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
      'content-encoding': 'aws-chunked',
      'x-amz-decoded-content-length': '66560',
      'content-length': '66824',
      authorization: authorization(
        'content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class',
        '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
      ),
    });
    return new AwsChunkedDecoder(verifierAt(MAY_2013).verify(request, S3, () => 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD'));
  }

  test.each([1000, 65_536, 66_824])('is decoded and verified in pieces of %d bytes', (size) => {
    expect(body.length).toBe(66_824);
    const chunked = decoder();
    const pieces: Buffer[] = [];
    for (let at = 0; at < body.length; at += size) pieces.push(...chunked.push(body.subarray(at, at + size)));
    chunked.end();
    expect(Buffer.concat(pieces).equals(Buffer.alloc(66_560, 'a'))).toBe(true);
  });

  test('a changed byte and a body cut short are refused', () => {
    const changed = Buffer.from(body);
    changed[700] = 98;
    expect(() => decoder().push(changed)).toThrow(expect.objectContaining({ code: 'SignatureDoesNotMatch' }));
    const short = decoder();
    short.push(body.subarray(0, 66_000));
    expect(() => short.end()).toThrow(expect.objectContaining({ code: 'IncompleteBody' }));
  });
});
