import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  STREAM_ROLE,
  type StreamsProbe,
  startStreams,
} from '../../local-cloud/src/services/iot/streams/testing/streams-probe.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';

const ARN = 'arn:aws:iot:us-east-1:123456789012:stream/one';

let probe: StreamsProbe;

beforeEach(async () => {
  probe = await startStreams(createS3Plugin);
  await probe.putObject('a.bin', Buffer.alloc(300, 1));
});

afterEach(() => probe.cloud.close());

const file = (fileId: number, key = 'a.bin') => ({ fileId, s3Location: { bucket: 'firmware', key } });
const create = (more: object = {}) =>
  probe.call('CreateStream', { streamId: 'one', files: [file(1)], roleArn: STREAM_ROLE, ...more });

// source: API reference, CreateStream, DescribeStream, UpdateStream, ListStreams, DeleteStream
test('A stream is created at version 1, described, updated to version 2, listed and deleted', async () => {
  expect(await create({ description: 'first' })).toEqual({
    streamId: 'one',
    streamArn: ARN,
    streamVersion: 1,
    description: 'first',
  });
  const now = new Date(Date.UTC(2026, 0, 1));
  expect(await probe.call('DescribeStream', { streamId: 'one' })).toEqual({
    streamInfo: {
      streamId: 'one',
      streamArn: ARN,
      streamVersion: 1,
      description: 'first',
      files: [file(1)],
      createdAt: now,
      lastUpdatedAt: now,
      roleArn: STREAM_ROLE,
    },
  });
  expect(await probe.call('UpdateStream', { streamId: 'one', description: 'second' })).toMatchObject({
    streamVersion: 2,
    description: 'second',
  });
  expect(await probe.call('ListStreams')).toMatchObject({ streams: [{ streamId: 'one', streamVersion: 2 }] });
  await probe.call('DeleteStream', { streamId: 'one' });
  await expect(probe.call('DescribeStream', { streamId: 'one' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
    statusCode: 404,
  });
});

// source: API reference, CreateStream (constraints and errors)
describe('CreateStream refuses', () => {
  test.each([
    ['an id with other characters', { streamId: 'a b' }],
    ['no files', { files: [] }],
    ['more than 50 files', { files: Array.from({ length: 51 }, (_, index) => file(index)) }],
    ['a file id above 255', { files: [file(256)] }],
    ['a file id that is used twice', { files: [file(1), file(1)] }],
    ['a file without a place', { files: [{ fileId: 1 }] }],
    ['no role', { roleArn: undefined }],
  ])('%s', async (_what, more) => {
    await expect(create(more)).rejects.toMatchObject({ code: 'InvalidRequestException', statusCode: 400 });
  });

  test('an id that exists', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      statusCode: 409,
      fields: { resourceArn: ARN, resourceId: 'one' },
    });
  });

  // assumed: AWS documents the errors of CreateStream, not which of them an unreadable file leads to
  test('a file that is not there, and one that the role may not read', async () => {
    await expect(create({ files: [file(1, 'none')] })).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
    probe.cloud.denied.add('s3:GetObject');
    await expect(create()).rejects.toMatchObject({ code: 'UnauthorizedException', statusCode: 401 });
  });
});

// source: Service Authorization Reference, AWS IoT (CreateStream on the stream; roles that are handed on need iam:PassRole)
test('CreateStream needs its action on the stream and the right to pass the role', async () => {
  await create();
  expect(probe.cloud.asked).toContainEqual({ action: 'iot:CreateStream', resource: ARN });
  expect(probe.cloud.asked).toContainEqual({
    action: 'iam:PassRole',
    resource: STREAM_ROLE,
    conditions: { 'iam:PassedToService': 'iot.amazonaws.com' },
  });
});

// source: developer guide, tagging-iot
test('A stream can be tagged', async () => {
  await create({ tags: [{ Key: 'team', Value: 'field' }] });
  expect(await probe.call('ListTagsForResource', { resourceArn: ARN })).toEqual({
    tags: [{ Key: 'team', Value: 'field' }],
  });
});

// source: API reference, ListStreams
test('ListStreams pages, and ascends when asked to', async () => {
  for (const streamId of ['a', 'b', 'c']) {
    await create({ streamId });
    await probe.cloud.clock.advance(1000);
  }
  const page = await probe.call<{ streams: { streamId: string }[]; nextToken: string }>('ListStreams', {
    ascendingOrder: true,
    maxResults: 2,
  });
  expect(page.streams.map(({ streamId }) => streamId)).toEqual(['a', 'b']);
  const rest = await probe.call('ListStreams', { ascendingOrder: true, maxResults: 2, nextToken: page.nextToken });
  expect(rest).toMatchObject({ streams: [{ streamId: 'c' }] });
});

// source: developer guide, mqtt-based-file-delivery-what-is (a stream is a resource of the account)
test('A stream outlives a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-streams-'));
  const first = await startStreams(createS3Plugin, directory);
  await first.putObject('a.bin', Buffer.alloc(300, 1));
  await first.call('CreateStream', { streamId: 'kept', files: [file(1)], roleArn: STREAM_ROLE });
  await first.cloud.close();
  const second = await startStreams(createS3Plugin, directory);
  const [answer] = await second.ask('kept/get/json', { f: 1, l: 256, n: 1 });
  expect(answer?.body).toMatchObject({ f: 1, i: 0, l: 256 });
  await second.cloud.close();
  rmSync(directory, { recursive: true, force: true });
});
