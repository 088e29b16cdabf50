import { type FirehoseClient, PutRecordBatchCommand } from '@aws-sdk/client-firehose';

/**
 * A delivery stream of the lake. Retries are the caller's: the client must make one attempt only.
 * @returns indexes of records that were not taken: each may be put again (Firehose API reference, PutRecordBatch)
 */
export function lakeStream(client: FirehoseClient, streamName: string) {
  const encoder = new TextEncoder();
  return {
    async put(texts: readonly string[]): Promise<readonly number[]> {
      const { FailedPutCount: failed = 0, RequestResponses: responses = [] } = await client.send(
        new PutRecordBatchCommand({
          DeliveryStreamName: streamName,
          Records: texts.map((text) => ({ Data: encoder.encode(text) })),
        }),
      );
      if (failed === 0) return [];
      return responses.flatMap(({ ErrorCode }, index) => (ErrorCode === undefined ? [] : [index]));
    },
  };
}
