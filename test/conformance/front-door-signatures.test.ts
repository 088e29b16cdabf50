import type { IncomingMessage } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { Sha256 } from '@aws-crypto/sha256-js';
import * as s3 from '@aws-sdk/client-s3';
import * as sqs from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Operation, ServiceApi } from '../../local-cloud/src/core/api.ts';
import type { Clock } from '../../local-cloud/src/core/clock.ts';
import { systemClock } from '../../local-cloud/src/core/clock.ts';
import type { Credentials } from '../../local-cloud/src/core/iam/authorizer.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

// source: IAM user guide, "Signature Version 4"; "Common Errors" of each API reference

const nothing = { authorize: () => [], handle: () => ({}) };
/** S3 lets anonymous callers reach authorization, where IAM decides. */
const LIST_BUCKETS: Operation = {
  name: 'ListBuckets',
  authorize: () => [{ action: 's3:ListAllMyBuckets', resource: '*' }],
  handle: () => ({}),
};
const APIS: ServiceApi[] = [
  {
    service: 'sqs',
    signingName: 'sqs',
    protocol: 'awsJson1_0',
    schemas: sqs,
    operations: [{ ...nothing, name: 'ListQueues' }],
  },
  {
    service: 's3',
    signingName: 's3',
    protocol: 'restXml',
    schemas: s3,
    operations: [LIST_BUCKETS],
  },
];

type Service = 'sqs' | 's3' | 'sts';

interface Signed {
  method: string;
  path: string;
  query?: Record<string, string>;
  headers: Record<string, string>;
  body: string;
}

/** ms by which the cloud's clock is ahead of the machine's. */
let ahead = 0;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + ahead };
let https: HttpsCloud;
let agent: Agent;

beforeAll(async () => {
  https = await startHttpsCloud({ apis: APIS, clock });
  agent = new Agent({ ca: https.identity.caCertificatePem, keepAlive: true });
});
afterAll(async () => {
  agent.destroy();
  await https.close();
});
afterEach(() => {
  ahead = 0;
});

const REQUESTS: Record<Service, Signed> = {
  sqs: {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'AmazonSQS.ListQueues' },
    body: '{}',
  },
  s3: { method: 'GET', path: '/', headers: {}, body: '' },
  sts: {
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  },
};

interface Signing {
  credentials?: Credentials;
  region?: string;
  signingDate?: Date;
}

function signerOf(service: Service, { credentials = https.administrator, region = 'us-east-1' }: Signing): SignatureV4 {
  return new SignatureV4({
    service,
    region,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
    credentials: {
      accessKeyId: credentials.accessKeyId,
      secretAccessKey: credentials.secretAccessKey,
      ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }),
    },
  });
}

async function sign(service: Service, signing: Signing = {}): Promise<Signed> {
  const base = REQUESTS[service];
  const headers = { host: `localhost:${https.port}`, ...base.headers };
  const request = { ...base, headers, protocol: 'https:', hostname: 'localhost', port: https.port };
  const signed = await signerOf(service, signing).sign(request, {
    signingDate: signing.signingDate ?? new Date(clock.now()),
  });
  return { ...base, headers: signed.headers };
}

function send({
  method,
  path,
  query,
  headers,
  body,
}: Signed): Promise<{ status: number; code: string; message: string }> {
  const search = query === undefined ? '' : `?${new URLSearchParams(query).toString().replaceAll('+', '%20')}`;
  return new Promise((resolve, reject) => {
    const sent = httpsRequest(
      { agent, host: 'localhost', port: https.port, method, path: path + search, headers },
      (response: IncomingMessage) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => {
          const json = text.startsWith('{') ? (JSON.parse(text) as { __type?: string; message?: string }) : undefined;
          resolve({
            status: response.statusCode ?? 0,
            code: json?.__type?.split('#').at(-1) ?? /<Code>(.*)<\/Code>/.exec(text)?.[1] ?? '',
            message: json?.message ?? /<Message>(.*)<\/Message>/.exec(text)?.[1] ?? '',
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}

const SERVICES: Service[] = ['sqs', 's3', 'sts'];

test.each(SERVICES)('a well signed request to %s passes', async (service) => {
  expect((await send(await sign(service))).status).toBe(200);
});

// Codes: "Common Errors" of the SQS and STS API references, "Error responses" of the Amazon S3 API reference.
type Codes = Record<Service, [status: number, code: string]>;

async function expectCodes(codes: Codes, prepare: (service: Service) => Promise<Signed>): Promise<void> {
  for (const service of SERVICES) {
    const { status, code } = await send(await prepare(service));
    expect([service, status, code]).toEqual([service, ...codes[service]]);
  }
}

describe('a request is refused', () => {
  test('without a signature', async () => {
    await expectCodes(
      {
        sqs: [400, 'MissingAuthenticationTokenException'],
        s3: [403, 'AccessDenied'],
        sts: [403, 'MissingAuthenticationToken'],
      },
      async (service) => REQUESTS[service],
    );
  });

  test('with a key that nobody has', async () => {
    await expectCodes(
      {
        sqs: [400, 'UnrecognizedClientException'],
        s3: [403, 'InvalidAccessKeyId'],
        sts: [403, 'InvalidClientTokenId'],
      },
      (service) => sign(service, { credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } }),
    );
  });

  const mismatch: Codes = {
    sqs: [400, 'InvalidSignatureException'],
    s3: [403, 'SignatureDoesNotMatch'],
    sts: [403, 'SignatureDoesNotMatch'],
  };

  test('with the wrong secret', async () => {
    await expectCodes(mismatch, (service) =>
      sign(service, { credentials: { ...https.administrator, secretAccessKey: 'wrong' } }),
    );
  });

  test('with a changed signed header, query or body', async () => {
    await expectCodes(mismatch, async (service) => {
      const signed = await sign(service);
      return { ...signed, query: { 'max-buckets': '1' } };
    });
    const sqsRequest = await sign('sqs');
    expect(await send({ ...sqsRequest, body: '{"MaxResults":1}' })).toMatchObject({
      code: 'InvalidSignatureException',
    });
    expect(
      await send({ ...sqsRequest, headers: { ...sqsRequest.headers, 'x-amz-target': 'AmazonSQS.PurgeQueue' } }),
    ).toMatchObject({ code: 'InvalidSignatureException' });
    const s3Request = await sign('s3');
    expect(await send({ ...s3Request, headers: { ...s3Request.headers, 'x-amz-extra': '1' } })).toMatchObject({
      code: 'AccessDenied',
      message: 'There were headers present in the request which were not signed',
    });
  });

  test('for another region, and for IAM and STS accepted for us-east-1', async () => {
    await expectCodes(
      {
        sqs: [400, 'InvalidSignatureException'],
        s3: [400, 'AuthorizationHeaderMalformed'],
        sts: [403, 'SignatureDoesNotMatch'],
      },
      (service) => sign(service, { region: 'eu-west-1' }),
    );
  });

  test('signed more than 15 minutes ago or ahead, and not before', async () => {
    const skewed: Codes = {
      sqs: [400, 'InvalidSignatureException'],
      s3: [403, 'RequestTimeTooSkewed'],
      sts: [400, 'RequestExpired'],
    };
    const at = (minutes: number) => new Date(clock.now() + minutes * 60_000);
    await expectCodes(skewed, (service) => sign(service, { signingDate: at(-15.2) }));
    await expectCodes(skewed, (service) => sign(service, { signingDate: at(15.2) }));
    for (const service of SERVICES) {
      expect((await send(await sign(service, { signingDate: at(-14) }))).status).toBe(200);
      expect((await send(await sign(service, { signingDate: at(14) }))).status).toBe(200);
    }
    expect((await send(await sign('sqs', { signingDate: at(-16) }))).message).toMatch(
      /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
    );
  });

  test('when a part of the header is missing or of another algorithm', async () => {
    const signed = await sign('sqs');
    const authorization = signed.headers.authorization ?? '';
    const attempt = (header: string) => send({ ...signed, headers: { ...signed.headers, authorization: header } });
    expect(await attempt(authorization.replace(/, Signature=.*/, ''))).toMatchObject({
      code: 'IncompleteSignatureException',
      message: "Authorization header requires 'Signature' parameter.",
    });
    expect(await attempt(authorization.replace(/SignedHeaders=[^,]*, /, ''))).toMatchObject({
      code: 'IncompleteSignatureException',
    });
    expect(await attempt(authorization.replace('aws4_request', 'aws4'))).toMatchObject({
      code: 'IncompleteSignatureException',
    });
    expect(await attempt(authorization.replace(';host', ''))).toMatchObject({ code: 'IncompleteSignatureException' });
    expect(await attempt(authorization.replace('AWS4-HMAC-SHA256', 'AWS4-ECDSA-P256-SHA256'))).toMatchObject({
      code: 'IncompleteSignatureException',
      message: "Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256'. Must be AWS4-HMAC-SHA256.",
    });
    expect(await attempt('Basic dXNlcjpwYXNz')).toMatchObject({ status: 400 });
    const undated = { ...signed.headers };
    delete undated['x-amz-date'];
    expect(await send({ ...signed, headers: undated })).toMatchObject({ code: 'IncompleteSignatureException' });
  });
});

// IAM user guide, "Temporary security credentials": the token goes with every request, until it expires.
test('a session needs its token and ends by the clock', async () => {
  const { cloud } = https;
  const trust = {
    Version: '2012-10-17',
    Statement: { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
  };
  const administrator = cloud.ports.get('credentials').find(https.administrator.accessKeyId)?.principal;
  if (administrator === undefined) throw new Error('no administrator');
  await cloud.api.call(administrator, 'iam', 'CreateRole', {
    RoleName: 'worker',
    AssumeRolePolicyDocument: JSON.stringify(trust),
  });
  const session = cloud.ports
    .get('authorizer')
    .assumeRole({ kind: 'service', service: 'lambda.amazonaws.com' }, 'arn:aws:iam::123456789012:role/worker', 'w');
  const credentials = cloud.ports.get('credentials').issue(session, 3_600_000);
  expect((await send(await sign('sts', { credentials }))).status).toBe(200);
  const { sessionToken: _token, ...tokenless } = credentials;
  await expectCodes(
    { sqs: [400, 'UnrecognizedClientException'], s3: [400, 'InvalidToken'], sts: [403, 'InvalidClientTokenId'] },
    (service) => sign(service, { credentials: tokenless }),
  );
  ahead = 3_600_001;
  await expectCodes(
    { sqs: [400, 'ExpiredTokenException'], s3: [400, 'ExpiredToken'], sts: [403, 'ExpiredToken'] },
    (service) => sign(service, { credentials }),
  );
});

test('a client with a wrong clock learns the right time from the answer and signs again', async () => {
  ahead = 30 * 86_400_000;
  const client = new STSClient({ ...https.client(), maxAttempts: 2 });
  await expect(client.send(new GetCallerIdentityCommand({}))).resolves.toMatchObject({ Account: '123456789012' });
});

test('a presigned GetCallerIdentity proves who one is', async () => {
  const request = {
    ...REQUESTS.sts,
    method: 'GET',
    body: '',
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { host: `localhost:${https.port}` },
    protocol: 'https:',
    hostname: 'localhost',
    port: https.port,
  };
  const signed = await signerOf('sts', {}).presign(request, { expiresIn: 60, signingDate: new Date(clock.now()) });
  const attempt = {
    method: 'GET',
    path: '/',
    query: signed.query as Record<string, string>,
    headers: { host: `localhost:${https.port}` },
    body: '',
  };
  expect((await send(attempt)).status).toBe(200);
  ahead = 61_000;
  expect(await send(attempt)).toMatchObject({ status: 400, code: 'RequestExpired' });
});
