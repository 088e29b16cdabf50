import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { MIN_RETENTION } from '../limits.ts';
import { settingsOf } from '../operations/streams.ts';
import type { Stream } from '../stream.ts';
import type { Streams } from '../streams.ts';
import { checkTags } from '../tags.ts';

export interface StreamProperties {
  Name?: string;
  ShardCount?: number | string;
  RetentionPeriodHours?: number | string;
  StreamModeDetails?: { StreamMode: string };
  StreamEncryption?: { EncryptionType: string; KeyId: string };
  Tags?: { Key: string; Value: string }[];
}

/** The key of the service itself asks for no key of the account: any other is refused. */
const OWN_KEY = 'alias/aws/kinesis';

/** AWS::Kinesis::Stream. A changed ShardCount would reshard, and is refused. */
export function streamResource(streams: Streams): ResourceProvider<StreamProperties> {
  return {
    type: 'AWS::Kinesis::Stream',
    replaceOn: ['Name'],
    properties: ['Name', 'ShardCount', 'RetentionPeriodHours', 'StreamModeDetails', 'StreamEncryption', 'Tags'],
    async create(properties, scope) {
      const name = properties.Name ?? scope.generateName(128);
      const count = properties.ShardCount === undefined ? undefined : Number(properties.ShardCount);
      const mode = properties.StreamModeDetails?.StreamMode ?? (count === undefined ? 'ON_DEMAND' : 'PROVISIONED');
      const stream = await streams.create(name, {
        ...settingsOf(mode, count),
        retention: Number(properties.RetentionPeriodHours ?? MIN_RETENTION),
        keyId: keyOf(properties),
        tags: tagsOf(properties),
      });
      return stateOf(stream);
    },
    async update(properties, previous, state) {
      for (const name of ['ShardCount', 'StreamModeDetails'] as const) {
        if (JSON.stringify(properties[name]) !== JSON.stringify(previous[name])) {
          throw new NotImplementedError(`an update of ${name} of AWS::Kinesis::Stream`);
        }
      }
      const stream = streams.require({ StreamName: state.physicalId });
      const { keyId: _before, ...record } = stream.record;
      const keyId = keyOf(properties);
      await streams.change(stream, {
        ...record,
        retention: Number(properties.RetentionPeriodHours ?? MIN_RETENTION),
        tags: tagsOf(properties),
        ...(keyId === undefined ? {} : { keyId }),
      });
      return stateOf(stream);
    },
    async delete(state) {
      const stream = streams.find(state.physicalId);
      if (stream !== undefined) await streams.delete(stream);
    },
  };
}

function keyOf({ StreamEncryption: encryption }: StreamProperties): string | undefined {
  if (encryption === undefined) return undefined;
  if (encryption.EncryptionType !== 'KMS' || encryption.KeyId !== OWN_KEY) {
    throw new NotImplementedError(`Kinesis streams encrypted with the key ${encryption.KeyId}`);
  }
  return OWN_KEY;
}

function tagsOf({ Tags = [] }: StreamProperties): Record<string, string> {
  return checkTags({}, Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])));
}

function stateOf({ record }: Stream): ResourceState {
  return { physicalId: record.name, attributes: { Arn: record.arn } };
}
