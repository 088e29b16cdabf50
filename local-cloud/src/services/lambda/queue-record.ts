import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';

/**
 * One message as JSON of an SQS event's `Records` (developer guide, "Using Lambda with Amazon SQS", example event).
 */
export function queueRecord(message: Message, queueArn: string, region: string): string {
  const digest = message.MD5OfMessageAttributes;
  // Ids, handles and digests need no escapes.
  return (
    `{"messageId":"${message.MessageId}","receiptHandle":"${message.ReceiptHandle}",` +
    `"body":${JSON.stringify(message.Body)},"attributes":${attributesText(message.Attributes)},` +
    `"messageAttributes":${JSON.stringify(recordAttributes(message.MessageAttributes))},` +
    (digest === undefined ? '' : `"md5OfMessageAttributes":"${digest}",`) +
    `"md5OfBody":"${message.MD5OfBody}","eventSource":"aws:sqs","eventSourceARN":"${queueArn}","awsRegion":"${region}"}`
  );
}

function attributesText(attributes: Message['Attributes']): string {
  if (attributes === undefined) return '{}';
  let text = '';
  for (const name in attributes) {
    const value = attributes[name as keyof typeof attributes];
    if (value !== undefined) text += `${text === '' ? '' : ','}"${name}":${JSON.stringify(value)}`;
  }
  return `{${text}}`;
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
