import type { MessageAttributeValue, MessageSystemAttributeValue } from '@aws-sdk/client-sqs';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { invalidParameter, invalidValue, missingParameter } from './errors.ts';
import { MAX_ATTRIBUTE_NAME_LENGTH, MAX_DELAY, MAX_MESSAGE_ATTRIBUTES } from './limits.ts';
import type { QueueConfiguration } from './queue-configuration.ts';

/** Members of SendMessage that a batch entry shares. */
export interface OutgoingMessage {
  readonly MessageBody?: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  readonly MessageSystemAttributes?: Partial<Record<string, MessageSystemAttributeValue>> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

export interface CheckedMessage {
  readonly body: string;
  readonly delaySeconds: number;
  readonly attributes: Record<string, MessageAttributeValue> | undefined;
  readonly traceHeader: string | undefined;
}

/** Whatever XML 1.0 does not allow (API reference, SendMessage). */
const FORBIDDEN = /[^\t\n\r -\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;

/** @throws AwsError for whatever AWS refuses besides the size */
export function checkMessage(message: OutgoingMessage, configuration: QueueConfiguration): CheckedMessage {
  const body = message.MessageBody;
  if (body === undefined || body === '') throw missingParameter('MessageBody');
  if (FORBIDDEN.test(body)) {
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.',
      400,
    );
  }
  if (message.MessageDeduplicationId !== undefined) {
    throw invalidValue(
      message.MessageDeduplicationId,
      'MessageDeduplicationId',
      'The request include parameter that is not valid for this queue type',
    );
  }
  if (message.MessageGroupId !== undefined) {
    throw new NotImplementedError('SQS MessageGroupId on a standard queue (fair queues)');
  }
  const delaySeconds = message.DelaySeconds ?? configuration.integers.DelaySeconds;
  if (!Number.isInteger(delaySeconds) || delaySeconds < 0 || delaySeconds > MAX_DELAY) {
    throw invalidValue(delaySeconds, 'DelaySeconds', `DelaySeconds must be >= 0 and <= ${MAX_DELAY}.`);
  }
  return {
    body,
    delaySeconds,
    attributes: checkAttributes(message.MessageAttributes),
    traceHeader: traceHeaderOf(message.MessageSystemAttributes),
  };
}

/** Bytes of body and attributes (names, types and values), as the size limits count them. */
export function messageSize(message: OutgoingMessage): number {
  let size = Buffer.byteLength(message.MessageBody ?? '');
  if (message.MessageAttributes === undefined) return size;
  for (const [name, value] of Object.entries(message.MessageAttributes)) {
    size += Buffer.byteLength(name) + Buffer.byteLength(value.DataType ?? '');
    size += value.BinaryValue?.length ?? Buffer.byteLength(value.StringValue ?? '');
  }
  return size;
}

function checkAttributes(
  attributes: Record<string, MessageAttributeValue> | undefined,
): Record<string, MessageAttributeValue> | undefined {
  if (attributes === undefined) return undefined;
  const names = Object.keys(attributes);
  if (names.length === 0) return undefined;
  if (names.length > MAX_MESSAGE_ATTRIBUTES) {
    throw invalidParameter(
      `Number of message attributes [${names.length}] exceeds the allowed maximum [${MAX_MESSAGE_ATTRIBUTES}].`,
    );
  }
  for (const name of names) {
    checkAttributeName(name);
    checkAttributeValue(name, attributes[name] as MessageAttributeValue);
  }
  return attributes;
}

function checkAttributeName(name: string): void {
  const allowed = /^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]+(?<!\.)$/.test(name) && !/^(aws|amazon)\./i.test(name);
  if (!allowed || name.length > MAX_ATTRIBUTE_NAME_LENGTH) {
    throw invalidParameter(
      `Message (user) attribute name '${name}' is invalid: it can hold A-Z, a-z, 0-9, underscores, hyphens and periods, ` +
        'must not start or end with a period, hold two in a row, or start with AWS. or Amazon., and has 1 to 256 characters.',
    );
  }
}

function checkAttributeValue(name: string, value: MessageAttributeValue): void {
  if (value.StringListValues?.length || value.BinaryListValues?.length) {
    throw invalidParameter(
      `Message (user) attribute '${name}' holds a list: StringListValues and BinaryListValues are not supported.`,
    );
  }
  const type = /^(String|Number|Binary)(\..+)?$/.exec(value.DataType ?? '')?.[1];
  if (type === undefined || (value.DataType ?? '').length > 256) {
    throw invalidParameter(
      `The type of message (user) attribute '${name}' is invalid. You must use only the following supported type prefixes: Binary, Number, String.`,
    );
  }
  const empty =
    type === 'Binary' ? !value.BinaryValue?.length : value.StringValue === undefined || value.StringValue === '';
  if (empty)
    throw invalidParameter(`Message (user) attribute '${name}' must contain a non-empty value of type '${type}'.`);
  if (type !== 'Binary' && FORBIDDEN.test(value.StringValue ?? '')) {
    throw invalidParameter(`Invalid characters found in message (user) attribute '${name}'.`);
  }
  if (type === 'Number' && !Number.isFinite(Number(value.StringValue))) {
    throw invalidParameter(`Could not cast message (user) attribute '${name}' value to number.`);
  }
}

function traceHeaderOf(attributes: OutgoingMessage['MessageSystemAttributes']): string | undefined {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name !== 'AWSTraceHeader' || value?.DataType !== 'String' || !value.StringValue) {
      throw invalidParameter(`Message system attribute '${name}' is invalid: only AWSTraceHeader of type String is.`);
    }
    return value.StringValue;
  }
  return undefined;
}
