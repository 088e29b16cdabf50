import type { CorpusRequest } from './capture.ts';

/** In the place of a signing name: such requests go to the port of the devices, with a certificate. */
export const BY_CERTIFICATE = 'device';

const NAME = 'verify';

/** What a device asks over HTTPS with its certificate (developer guide, `http`, `device-shadow-rest-api`, `jobs-http-device-api`). */
export function deviceRequests(): CorpusRequest[] {
  const update = { state: { reported: { a: [1, null, { b: 'c' }] } }, clientToken: 't' };
  return [
    request('Publish', 'POST', '/topics/verify%2Fa', { qos: '1' }, 'x'),
    request('Publish', 'POST', '/topics/verify/b', { qos: '0', retain: 'true', messageExpiry: '60' }, '{"a":1}'),
    request('UpdateThingShadow', 'POST', `/things/${NAME}/shadow`, {}, update),
    request('UpdateThingShadow', 'POST', `/things/${NAME}/shadow`, { name: 's' }, update),
    request('GetThingShadow', 'GET', `/things/${NAME}/shadow`, { name: 's' }),
    request('DeleteThingShadow', 'DELETE', `/things/${NAME}/shadow`, { name: 'gone' }),
    request('ListNamedShadowsForThing', 'GET', `/api/things/shadow/ListNamedShadowsForThing/${NAME}`, {
      pageSize: '5',
    }),
    request('GetRetainedMessage', 'GET', '/retainedMessage/verify%2Fb', {}),
    request('GetPendingJobExecutions', 'GET', `/things/${NAME}/jobs`, {}),
    request('StartNextPendingJobExecution', 'PUT', `/things/${NAME}/jobs/$next`, {}, { statusDetails: { a: 'b' } }),
    request('DescribeJobExecution', 'GET', `/things/${NAME}/jobs/$next`, { includeJobDocument: 'true' }),
    request('UpdateJobExecution', 'POST', `/things/${NAME}/jobs/${NAME}`, {}, { status: 'IN_PROGRESS' }),
    request('credentials', 'GET', `/role-aliases/${NAME}/credentials`, {}),
  ];
}

function request(
  name: string,
  method: string,
  path: string,
  query: Readonly<Record<string, string>>,
  body?: string | object,
): CorpusRequest {
  const text = typeof body === 'object' ? JSON.stringify(body) : (body ?? '');
  return {
    name: `${BY_CERTIFICATE} ${name}`,
    signingName: BY_CERTIFICATE,
    method,
    path,
    query,
    headers: typeof body === 'object' ? { 'content-type': 'application/json' } : {},
    body: Buffer.from(text),
  };
}
