import type {
  CreateDeliveryStreamInput,
  CreateDeliveryStreamOutput,
  DeleteDeliveryStreamInput,
  DescribeDeliveryStreamInput,
  DescribeDeliveryStreamOutput,
  ListDeliveryStreamsInput,
  ListDeliveryStreamsOutput,
  ListTagsForDeliveryStreamInput,
  ListTagsForDeliveryStreamOutput,
  TagDeliveryStreamInput,
  UntagDeliveryStreamInput,
  UpdateDestinationInput,
} from '@aws-sdk/client-firehose';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { type DeliveryStream, streamArn } from '../delivery-stream.ts';
import { checkStreamName, checkTags, type DeliveryStreams } from '../delivery-streams.ts';
import { describeDestination, readDestination } from '../destination.ts';
import { DEFAULT_LISTED, MAX_LISTED } from '../limits.ts';

const DESTINATION_ID = 'destinationId-000000000001';

const CREATE_MEMBERS = new Set([
  'DeliveryStreamName',
  'DeliveryStreamType',
  'DeliveryStreamEncryptionConfigurationInput',
  'S3DestinationConfiguration',
  'ExtendedS3DestinationConfiguration',
  'Tags',
]);

export function createStreamOperations(streams: DeliveryStreams): Operation[] {
  const { context } = streams;
  const permission = (action: string, name: string | undefined) => ({
    action: `firehose:${action}`,
    resource: streamArn(context, name ?? ''),
  });
  const passRole = (roleArn: string | undefined) =>
    roleArn === undefined
      ? []
      : [
          {
            action: 'iam:PassRole',
            resource: roleArn,
            conditions: { 'iam:PassedToService': 'firehose.amazonaws.com' },
          },
        ];

  const create: Operation<CreateDeliveryStreamInput, CreateDeliveryStreamOutput> = {
    name: 'CreateDeliveryStream',
    authorize: (input) => [
      permission('CreateDeliveryStream', input.DeliveryStreamName),
      ...((input.Tags ?? []).length > 0 ? [permission('TagDeliveryStream', input.DeliveryStreamName)] : []),
      ...passRole((input.ExtendedS3DestinationConfiguration ?? input.S3DestinationConfiguration)?.RoleARN),
    ],
    async handle(input) {
      const stream = await createStream(streams, input);
      return { DeliveryStreamARN: stream.arn };
    },
  };

  const describe: Operation<DescribeDeliveryStreamInput, DescribeDeliveryStreamOutput> = {
    name: 'DescribeDeliveryStream',
    authorize: (input) => [permission('DescribeDeliveryStream', input.DeliveryStreamName)],
    handle: (input) => ({ DeliveryStreamDescription: description(streams.require(input.DeliveryStreamName)) }),
  };

  const list: Operation<ListDeliveryStreamsInput, ListDeliveryStreamsOutput> = {
    name: 'ListDeliveryStreams',
    authorize: () => [{ action: 'firehose:ListDeliveryStreams', resource: '*' }],
    handle(input) {
      new ConstraintViolations().range('limit', input.Limit, 1, MAX_LISTED).throwIfAny();
      const after = input.ExclusiveStartDeliveryStreamName ?? '';
      const rest = streams
        .all()
        .map((stream) => stream.record.name)
        .filter((name) => name > after)
        .filter(() => input.DeliveryStreamType === undefined || input.DeliveryStreamType === 'DirectPut');
      const page = rest.slice(0, input.Limit ?? DEFAULT_LISTED);
      return { DeliveryStreamNames: page, HasMoreDeliveryStreams: page.length < rest.length };
    },
  };

  const remove: Operation<DeleteDeliveryStreamInput, object> = {
    name: 'DeleteDeliveryStream',
    authorize: (input) => [permission('DeleteDeliveryStream', input.DeliveryStreamName)],
    async handle(input) {
      await streams.delete(streams.require(input.DeliveryStreamName));
      return {};
    },
  };

  const update: Operation<UpdateDestinationInput, object> = {
    name: 'UpdateDestination',
    authorize: (input) => [
      permission('UpdateDestination', input.DeliveryStreamName),
      ...passRole((input.ExtendedS3DestinationUpdate ?? input.S3DestinationUpdate)?.RoleARN),
    ],
    async handle(input) {
      const stream = streams.require(input.DeliveryStreamName);
      if (input.DestinationId !== DESTINATION_ID) {
        throw new AwsError('InvalidArgumentException', `Destination Id ${input.DestinationId} not found`);
      }
      if (input.CurrentDeliveryStreamVersionId !== String(stream.record.version)) {
        throw new AwsError(
          'ConcurrentModificationException',
          `Cannot update firehose: ${input.DeliveryStreamName} since the current version id: ${stream.record.version} and specified version id: ${input.CurrentDeliveryStreamVersionId} do not match`,
        );
      }
      const change = input.ExtendedS3DestinationUpdate ?? input.S3DestinationUpdate;
      if (change === undefined)
        throw new NotImplementedError('Firehose UpdateDestination of other destinations than Amazon S3');
      await streams.update(stream, readDestination(change, stream.record.destination));
      return {};
    },
  };

  const tag: Operation<TagDeliveryStreamInput, object> = {
    name: 'TagDeliveryStream',
    authorize: (input) => [permission('TagDeliveryStream', input.DeliveryStreamName)],
    async handle(input) {
      const { record } = streams.require(input.DeliveryStreamName);
      const added = checkTags(input.Tags ?? []);
      const kept = record.tags.filter(({ Key }) => !added.some((one) => one.Key === Key));
      record.tags = checkTags([...kept, ...added]);
      await streams.save(record);
      return {};
    },
  };

  const untag: Operation<UntagDeliveryStreamInput, object> = {
    name: 'UntagDeliveryStream',
    authorize: (input) => [permission('UntagDeliveryStream', input.DeliveryStreamName)],
    async handle(input) {
      const { record } = streams.require(input.DeliveryStreamName);
      record.tags = record.tags.filter(({ Key }) => !(input.TagKeys ?? []).includes(Key));
      await streams.save(record);
      return {};
    },
  };

  const listTags: Operation<ListTagsForDeliveryStreamInput, ListTagsForDeliveryStreamOutput> = {
    name: 'ListTagsForDeliveryStream',
    authorize: (input) => [permission('ListTagsForDeliveryStream', input.DeliveryStreamName)],
    handle(input) {
      new ConstraintViolations().range('limit', input.Limit, 1, 50).throwIfAny();
      const { record } = streams.require(input.DeliveryStreamName);
      const after = input.ExclusiveStartTagKey ?? '';
      const rest = [...record.tags].sort((a, b) => (a.Key < b.Key ? -1 : 1)).filter(({ Key }) => Key > after);
      const page = rest.slice(0, input.Limit ?? 50);
      return { Tags: page, HasMoreTags: page.length < rest.length };
    },
  };

  return [create, describe, list, remove, update, tag, untag, listTags];
}

/** @throws AwsError, `NotImplemented` naming another source or destination */
export async function createStream(
  streams: DeliveryStreams,
  input: CreateDeliveryStreamInput,
): Promise<DeliveryStream> {
  const other = Object.entries(input).find(([member, value]) => value !== undefined && !CREATE_MEMBERS.has(member));
  if (other !== undefined) throw new NotImplementedError(`Firehose ${other[0]}`);
  if (input.DeliveryStreamType !== undefined && input.DeliveryStreamType !== 'DirectPut') {
    throw new NotImplementedError(`Firehose DeliveryStreamType '${input.DeliveryStreamType}'`);
  }
  checkStreamName(input.DeliveryStreamName);
  const { ExtendedS3DestinationConfiguration: extended, S3DestinationConfiguration: plain } = input;
  if ((extended === undefined) === (plain === undefined)) {
    throw new AwsError('InvalidArgumentException', 'Exactly one destination configuration must be provided');
  }
  return streams.create(input.DeliveryStreamName, {
    destination: readDestination(extended ?? plain ?? {}),
    tags: input.Tags ?? [],
    encrypted: readEncryption(input.DeliveryStreamEncryptionConfigurationInput),
  });
}

export function readEncryption(
  input: CreateDeliveryStreamInput['DeliveryStreamEncryptionConfigurationInput'],
): boolean {
  if (input === undefined) return false;
  if (input.KeyType !== 'AWS_OWNED_CMK')
    throw new NotImplementedError(`Firehose encryption KeyType '${input.KeyType}'`);
  if (input.KeyARN !== undefined) {
    throw new AwsError('InvalidArgumentException', 'KeyARN must not be provided when KeyType is AWS_OWNED_CMK');
  }
  return true;
}

function description({ record, arn }: DeliveryStream): DescribeDeliveryStreamOutput['DeliveryStreamDescription'] {
  return {
    DeliveryStreamName: record.name,
    DeliveryStreamARN: arn,
    DeliveryStreamStatus: 'ACTIVE',
    DeliveryStreamEncryptionConfiguration: record.encrypted
      ? { Status: 'ENABLED', KeyType: 'AWS_OWNED_CMK' }
      : { Status: 'DISABLED' },
    DeliveryStreamType: 'DirectPut',
    VersionId: String(record.version),
    CreateTimestamp: new Date(record.createTime),
    ...(record.lastUpdateTime === undefined ? {} : { LastUpdateTimestamp: new Date(record.lastUpdateTime) }),
    Destinations: [{ DestinationId: DESTINATION_ID, ...describeDestination(record.destination) }],
    HasMoreDestinations: false,
  };
}
