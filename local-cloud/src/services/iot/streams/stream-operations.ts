import type {
  CreateStreamRequest,
  CreateStreamResponse,
  DeleteStreamRequest,
  DescribeStreamRequest,
  DescribeStreamResponse,
  ListStreamsRequest,
  ListStreamsResponse,
  UpdateStreamRequest,
  UpdateStreamResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import { anywhere, changing, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { nameInCreationOrder } from '../registry/table.ts';
import { checkPageSize } from '../registry/validation.ts';
import type { StreamRecord } from './stream-record.ts';
import type { Streams } from './streams.ts';

export function streamOperations(streams: Streams): Operation[] {
  const { iot } = streams;
  const streamArn = (input: { streamId: string | undefined }) => resource(iot, 'stream', input.streamId);
  const summaryOf = ({ id, version, description }: StreamRecord) => ({
    streamId: id,
    streamArn: streams.arn(id),
    streamVersion: version,
    ...(description === undefined ? {} : { description }),
  });
  return [
    passingRole(
      changing<CreateStreamRequest, CreateStreamResponse>(iot, 'CreateStream', streamArn, async (input) =>
        summaryOf(await streams.create(input)),
      ),
    ),
    passingRole(
      changing<UpdateStreamRequest, UpdateStreamResponse>(iot, 'UpdateStream', streamArn, async (input) =>
        summaryOf(await streams.update(input)),
      ),
    ),
    reading<DescribeStreamRequest, DescribeStreamResponse>('DescribeStream', streamArn, (input) => {
      const stream = streams.get(input.streamId);
      return {
        streamInfo: {
          ...summaryOf(stream),
          files: stream.files.map(({ id, bucket, key, version }) => ({
            fileId: id,
            s3Location: { bucket, key, ...(version === undefined ? {} : { version }) },
          })),
          createdAt: new Date(stream.createdAt),
          lastUpdatedAt: new Date(stream.lastUpdatedAt),
          roleArn: stream.roleArn,
        },
      };
    }),
    changing<DeleteStreamRequest, object>(iot, 'DeleteStream', streamArn, (input) => {
      streams.delete(input.streamId);
      return {};
    }),
    reading<ListStreamsRequest, ListStreamsResponse>('ListStreams', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const request = { token: input.nextToken, size: input.maxResults, descending: input.ascendingOrder !== true };
      const page = pageOf(streams.table.sortedKeys(), request);
      return {
        streams: page.keys.map((key) => summaryOf(streams.table.get(nameInCreationOrder(key)) as StreamRecord)),
        nextToken: page.nextToken,
      };
    }),
  ];
}

/** Whoever names a role for the stream must be allowed to pass it to AWS IoT. */
function passingRole<I extends { roleArn?: string | undefined }, O>(operation: Operation<I, O>): Operation<I, O> {
  return {
    ...operation,
    authorize(input, call): readonly Permission[] {
      const own = operation.authorize(input, call);
      if (input.roleArn === undefined) return own;
      const conditions = { 'iam:PassedToService': 'iot.amazonaws.com' };
      return [...own, { action: 'iam:PassRole', resource: input.roleArn, conditions }];
    },
  };
}
