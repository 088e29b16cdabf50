import { randomBytes } from 'node:crypto';
import {
  STREAM_ROLE,
  type StreamsProbe,
  startStreams,
} from '../../local-cloud/src/services/iot/streams/testing/streams-probe.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';

const IMAGE = randomBytes(10_000);
const SMALL = Buffer.from('configuration');

let probe: StreamsProbe;

beforeAll(async () => {
  probe = await startStreams(createS3Plugin);
  await probe.putObject('image.bin', IMAGE);
  await probe.putObject('small.txt', SMALL);
  await probe.call('CreateStream', {
    streamId: 'update',
    description: 'Firmware and its configuration',
    files: [
      { fileId: 0, s3Location: { bucket: 'firmware', key: 'image.bin' } },
      { fileId: 7, s3Location: { bucket: 'firmware', key: 'small.txt' } },
    ],
    roleArn: STREAM_ROLE,
  });
});

afterAll(() => probe.cloud.close());

// source: developer guide, mqtt-based-file-delivery-in-devices, DescribeStream
describe('DescribeStream over MQTT', () => {
  test('answers version, description and the files with their sizes on description/json', async () => {
    expect(await probe.ask('update/describe/json', { c: 'token' })).toEqual([
      {
        topic: '$aws/things/device/streams/update/description/json',
        body: {
          c: 'token',
          s: 1,
          d: 'Firmware and its configuration',
          r: [
            { f: 0, z: 10_000 },
            { f: 7, z: SMALL.length },
          ],
        },
      },
    ]);
  });

  test('answers in CBOR on description/cbor', async () => {
    const [answer] = await probe.ask('update/describe/cbor', { c: 'token' });
    expect(answer?.topic).toBe('$aws/things/device/streams/update/description/cbor');
    expect(answer?.body).toMatchObject({ c: 'token', s: 1 });
  });
});

// source: developer guide, mqtt-based-file-delivery-in-devices, GetStream
describe('GetStream over MQTT', () => {
  test('sends each block in a message of its own, in Base64, the last one as short as it is', async () => {
    const answers = await probe.ask('update/get/json', { c: 'get', s: 1, f: 0, l: 4096, o: 0, n: 100 });
    expect(answers.map(({ topic }) => topic)).toEqual(Array(3).fill('$aws/things/device/streams/update/data/json'));
    expect(answers.map(({ body }) => [body.c, body.f, body.l, body.i])).toEqual([
      ['get', 0, 4096, 0],
      ['get', 0, 4096, 1],
      ['get', 0, 10_000 - 2 * 4096, 2],
    ]);
    const whole = Buffer.concat(answers.map(({ body }) => Buffer.from(body.p as string, 'base64')));
    expect(whole.equals(IMAGE)).toBe(true);
  });

  test('sends the blocks of a bitmap, in CBOR as bytes', async () => {
    const answers = await probe.ask('update/get/cbor', { f: 0, l: 256, o: 2, b: Buffer.from([0b0001_0011]) });
    expect(answers.map(({ topic }) => topic)).toEqual(Array(3).fill('$aws/things/device/streams/update/data/cbor'));
    expect(answers.map(({ body }) => body.i)).toEqual([2, 3, 6]);
    for (const { body } of answers) {
      const at = (body.i as number) * 256;
      expect(IMAGE.subarray(at, at + 256).equals(body.p as Buffer)).toBe(true);
      expect(body).not.toHaveProperty('c');
    }
  });
});

// source: developer guide, mqtt-based-file-delivery-in-devices, "Handling errors"
describe('A stream request is rejected', () => {
  const rejected = async (path: string, payload: object | Buffer) => {
    const answers = await probe.ask(path, payload);
    expect(answers).toHaveLength(1);
    expect(answers[0]?.topic).toBe(
      `$aws/things/device/streams/${path.split('/')[0]}/rejected/${path.endsWith('cbor') ? 'cbor' : 'json'}`,
    );
    expect(answers[0]?.body.m).toEqual(expect.any(String));
    return answers[0]?.body;
  };
  const get = { c: 't', f: 0, l: 256, n: 1 };

  test('with InvalidJson or InvalidCbor for a malformed document', async () => {
    expect(await rejected('update/get/json', Buffer.from('{"f":'))).toMatchObject({ o: 'InvalidJson' });
    expect(await rejected('update/get/cbor', Buffer.from([0xbf, 0x61]))).toMatchObject({ o: 'InvalidCbor' });
  });

  test('with InvalidRequest, without the token, for a token longer than 64 bytes', async () => {
    const body = await rejected('update/get/json', { ...get, c: 'x'.repeat(65) });
    expect(body).toEqual({ o: 'InvalidRequest', m: expect.any(String) });
  });

  test('with BlockSizeOutOfBounds for a block outside 256 bytes to 128 KB', async () => {
    expect(await rejected('update/get/json', { ...get, l: 255 })).toMatchObject({ o: 'BlockSizeOutOfBounds', c: 't' });
    expect(await rejected('update/get/json', { ...get, l: 131_073 })).toMatchObject({ o: 'BlockSizeOutOfBounds' });
  });

  test('with OffsetOutOfBounds, BlockCountLimitExceeded and BlockBitmapLimitExceeded', async () => {
    expect(await rejected('update/get/json', { ...get, o: 98_305 })).toMatchObject({ o: 'OffsetOutOfBounds' });
    expect(await rejected('update/get/json', { ...get, n: 98_305 })).toMatchObject({ o: 'BlockCountLimitExceeded' });
    expect(await rejected('update/get/json', { ...get, b: 'ff'.repeat(12_288) })).toMatchObject({
      o: 'BlockBitmapLimitExceeded',
    });
  });

  test('with ResourceNotFound for a stream, a file or blocks that are not there', async () => {
    expect(await rejected('none/get/json', get)).toMatchObject({ o: 'ResourceNotFound', c: 't' });
    expect(await rejected('update/get/json', { ...get, f: 3 })).toMatchObject({ o: 'ResourceNotFound' });
    expect(await rejected('update/get/json', { ...get, o: 1000 })).toMatchObject({ o: 'ResourceNotFound' });
  });

  test('with VersionMismatch for another version than the latest', async () => {
    expect(await rejected('update/get/json', { ...get, s: 2 })).toMatchObject({ o: 'VersionMismatch', c: 't' });
  });

  test('with InvalidTopic for an unknown payload format', async () => {
    expect(await rejected('update/get/xml', get)).toMatchObject({ o: 'InvalidTopic' });
  });

  test('with Unauthorized once the role may not read the file', async () => {
    probe.cloud.denied.add('s3:GetObject');
    expect(await rejected('update/get/json', get)).toMatchObject({ o: 'Unauthorized', c: 't' });
    probe.cloud.denied.delete('s3:GetObject');
  });

  test('with ETagMismatch once the object was replaced, until the stream is updated', async () => {
    await probe.putObject('changing.bin', Buffer.alloc(1000, 1));
    const files = [{ fileId: 0, s3Location: { bucket: 'firmware', key: 'changing.bin' } }];
    await probe.call('CreateStream', { streamId: 'changing', files, roleArn: STREAM_ROLE });
    await probe.putObject('changing.bin', Buffer.alloc(1000, 2));
    expect(await rejected('changing/get/json', get)).toMatchObject({ o: 'ETagMismatch' });
    await probe.call('UpdateStream', { streamId: 'changing', files });
    const [answer] = await probe.ask('changing/get/json', { ...get, s: 2 });
    expect(answer?.body).toMatchObject({ f: 0, l: 256, i: 0, p: Buffer.alloc(256, 2).toString('base64') });
  });
});
