// source: device-shadow-error-messages
import { SHADOW_LIMITS } from '../limits.ts';
import { readPayload, readUpdate, type UpdateRequest } from './update-request.ts';

function read(payload: string | Buffer): UpdateRequest {
  return readUpdate(readPayload(Buffer.from(payload as string)), SHADOW_LIMITS.depth);
}

/** `{"l1":{"l2":…:1}}` with as many levels of members. */
function nested(levels: number): string {
  return `${Array.from({ length: levels }, (_, index) => `{"l${index + 1}":`).join('')}1${'}'.repeat(levels)}`;
}

test.each([
  ['no JSON', '{"state":', 400, 'Invalid JSON'],
  ['an empty payload', '', 400, 'Invalid JSON'],
  ['JSON that is no object', '[{"state":{}}]', 400, 'Invalid JSON'],
  ['no state', '{"desired":{}}', 400, 'Missing required node: state'],
  ['a state that is no object', '{"state":"on"}', 400, 'State node must be an object'],
  ['a state that is an array', '{"state":[]}', 400, 'State node must be an object'],
  ['a desired section that is no object', '{"state":{"desired":5}}', 400, 'Desired node must be an object'],
  ['a reported section that is an array', '{"state":{"reported":[1]}}', 400, 'Reported node must be an object'],
  ['another section', '{"state":{"wished":{"a":1}}}', 400, 'State contains an invalid node'],
  ['null in an array', '{"state":{"desired":{"colors":[null,"RED"]}}}', 400, 'State contains an invalid node'],
  ['null deep in an array', '{"state":{"desired":{"a":[{"b":null}]}}}', 400, 'State contains an invalid node'],
  ['a version that is text', '{"state":{},"version":"3"}', 400, 'Invalid version'],
  ['a broken version', '{"state":{},"version":1.5}', 400, 'Invalid version'],
  ['a negative version', '{"state":{},"version":-1}', 400, 'Invalid version'],
  ['a client token that is a number', '{"state":{},"clientToken":7}', 400, 'Invalid clientToken'],
  ['a client token of 65 bytes', `{"state":{},"clientToken":"${'ü'.repeat(32)}x"}`, 400, 'Invalid clientToken'],
  ['nine levels', `{"state":{"desired":${nested(9)}}}`, 400, 'JSON contains too many levels of nesting; maximum is 8'],
  ['digits that cannot be kept', '{"state":{"desired":{"a":9007199254740993}}}', 501, /^Numbers beyond 2\^53/],
  ['a number beyond all bounds', '{"state":{"desired":{"a":1e999}}}', 501, /^Numbers beyond 2\^53/],
])('%s is refused', (_what, payload, code, message) => {
  expect(() => read(payload)).toThrow(expect.objectContaining({ code }));
  expect(() => read(payload)).toThrow(message);
});

test('what is not UTF-8 is refused as an unsupported encoding', () => {
  const latin1 = Buffer.from('{"state":{"desired":{"a":"\xfc"}}}', 'latin1');
  expect(() => read(latin1)).toThrow(
    expect.objectContaining({ code: 415, message: 'Unsupported documented encoding; supported encoding is UTF-8' }),
  );
});

test('eight levels, a client token of 64 bytes and a version are taken', () => {
  const token = 'ü'.repeat(32);
  const payload = `{"state":{"desired":${nested(8)}},"clientToken":"${token}","version":4}`;
  expect(read(payload)).toEqual({
    desired: JSON.parse(nested(8)),
    reported: undefined,
    clientToken: token,
    version: 4,
  });
});

// source: diagnosing-shadows
test('what stands beside the state is ignored', () => {
  expect(read('{"state":{"reported":{"a":1}},"metadata":5,"other":{"b":null}}').reported).toEqual({ a: 1 });
});

// source: device-shadow-data-flow, "Deleting a shadow"
test('a state of null removes both sections', () => {
  expect(read('{"state":null}')).toMatchObject({ desired: null, reported: null });
});
