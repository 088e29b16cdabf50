import { decode, encode } from 'cbor-x';
import type { ManualClock } from '../../../../core/clock.ts';
import type { MqttMessage } from '../../../../core/mqtt.ts';
import type { PluginFactory } from '../../../../core/plugin.ts';
import { ADMINISTRATOR, type TestCloud } from '../../../../testing/context.ts';
import { type IotTestCloud, startIot } from '../../testing/iot-test-cloud.ts';

export const STREAM_ROLE = 'arn:aws:iam::123456789012:role/StreamReader';

export interface StreamMessage {
  readonly topic: string;
  readonly body: Record<string, unknown>;
}

/** AWS IoT with streams beside a real Amazon S3, whose bucket `firmware` exists. */
export interface StreamsProbe extends IotTestCloud {
  /** Publishes a request to `$aws/things/device/streams/<path>` and answers what was published for it. */
  ask(path: string, payload: object | Buffer): Promise<StreamMessage[]>;
  putObject(key: string, content: Buffer): Promise<void>;
}

export async function startStreams(createS3: PluginFactory, directory?: string): Promise<StreamsProbe> {
  const messages: MqttMessage[] = [];
  const iot = await startIot({
    ...(directory === undefined ? {} : { directory }),
    prepare(cloud: TestCloud<ManualClock>) {
      cloud.use(createS3);
      cloud.ports.provide('broker', {
        ...cloud.ports.get('broker'),
        publish: (message) => {
          messages.push(message);
          return Promise.resolve();
        },
      });
    },
  });
  const s3 = (operation: string, input: object) => iot.cloud.api.call(ADMINISTRATOR, 's3', operation, input);
  if (directory === undefined || !(await exists(() => s3('HeadBucket', { Bucket: 'firmware' })))) {
    await s3('CreateBucket', { Bucket: 'firmware' });
  }
  return {
    ...iot,
    async putObject(key, content) {
      await s3('PutObject', { Bucket: 'firmware', Key: key, Body: content });
    },
    async ask(path, payload) {
      const cbor = path.endsWith('/cbor');
      const bytes = Buffer.isBuffer(payload) ? payload : cbor ? encode(payload) : Buffer.from(JSON.stringify(payload));
      const connection = { clientId: 'device', principalId: 'test', sourceIp: '127.0.0.1' };
      await iot.publish(connection, `$aws/things/device/streams/${path}`, bytes);
      return messages.splice(0).map(({ topic, payload: answer }) => ({
        topic,
        body: topic.endsWith('/cbor') ? decode(answer) : JSON.parse(answer.toString('utf8')),
      }));
    },
  };
}

async function exists(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch {
    return false;
  }
}
