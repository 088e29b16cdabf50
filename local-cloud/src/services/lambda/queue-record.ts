import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

/**
 * One message as JSON of an SQS event's `Records` (developer guide, "Using Lambda with Amazon SQS", example event).
 */
export function queueRecord(message: Message, queueArn: string, region: string): string {
  return JSON.stringify({
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: recordAttributes(message.MessageAttributes),
    md5OfMessageAttributes: message.MD5OfMessageAttributes,
    md5OfBody: message.MD5OfBody,
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  });
}

function recordAttributes(attributes: Record<string, MessageAttributeValue> | undefined): object {
  if (attributes === undefined) return {};
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { StringValue, BinaryValue, DataType }]) => [
      name,
      {
        stringValue: StringValue,
        binaryValue: BinaryValue === undefined ? undefined : Buffer.from(BinaryValue).toString('base64'),
        stringListValues: [],
        binaryListValues: [],
        dataType: DataType,
      },
    ]),
  );
}
