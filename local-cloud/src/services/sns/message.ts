import type { MessageAttributeValue } from '@aws-sdk/client-sns';
import { NotImplementedError } from '../../core/errors.ts';
import { invalidParameter } from './errors.ts';
import { isObject } from './filter-policy.ts';
import { MAX_ATTRIBUTE_NAME_LENGTH, MAX_MESSAGE_BYTES, MAX_SUBJECT_LENGTH } from './limits.ts';
import type { Protocol } from './records.ts';

/** Members that Publish and an entry of PublishBatch share. */
export interface OutgoingMessage {
  readonly Message?: string | undefined;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: Record<string, MessageAttributeValue> | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

/** A published message, as it waits on disk. */
export interface PublishedMessage {
  readonly id: string;
  /** ms since the epoch */
  readonly time: number;
  readonly subject?: string;
  readonly text: string;
  /** Texts of single protocols (`MessageStructure: json`). */
  readonly texts?: Readonly<Partial<Record<string, string>>>;
  /** Binary values as base64. */
  readonly attributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
}

/**
 * Checks a message as Publish does.
 * @throws AwsError `InvalidParameter`; `NotImplemented` for groups of messages
 */
export function composeMessage(message: OutgoingMessage, id: string, time: number): PublishedMessage {
  const { Message: text, Subject: subject, MessageStructure: structure } = message;
  if (text === undefined || text === '') throw invalidParameter('Empty message');
  if (messageSize(message) > MAX_MESSAGE_BYTES) throw invalidParameter('Message too long');
  if (subject !== undefined) checkSubject(subject);
  if (message.MessageDeduplicationId !== undefined) {
    throw invalidParameter(
      'The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    );
  }
  if (message.MessageGroupId !== undefined) throw new NotImplementedError('SNS MessageGroupId on a standard topic');
  if (structure !== undefined && structure !== 'json') throw invalidParameter('MessageStructure');
  const attributes = checkAttributes(message.MessageAttributes ?? {});
  return {
    id,
    time,
    ...(subject === undefined ? {} : { subject }),
    ...(structure === 'json' ? perProtocol(text) : { text }),
    ...(attributes === undefined ? {} : { attributes }),
  };
}

/** Bytes of body and attributes (names, types and values), as the limits count them. */
export function messageSize({ Message, MessageAttributes }: OutgoingMessage): number {
  let size = Buffer.byteLength(Message ?? '');
  for (const [name, { DataType, StringValue, BinaryValue }] of Object.entries(MessageAttributes ?? {})) {
    size += Buffer.byteLength(name) + Buffer.byteLength(DataType ?? '');
    size += BinaryValue?.length ?? Buffer.byteLength(StringValue ?? '');
  }
  return size;
}

/** The text for subscribers of a protocol. */
export function textFor(message: PublishedMessage, protocol: Protocol): string {
  return message.texts?.[protocol] ?? message.text;
}

/** API reference, Publish, `Subject`: ASCII that begins with a letter, digit or punctuation, without line breaks. */
function checkSubject(subject: string): void {
  if (subject.length === 0 || subject.length > MAX_SUBJECT_LENGTH || !/^[!-~][ -~]*$/.test(subject)) {
    throw invalidParameter('Subject');
  }
}

/** API reference, Publish, `MessageStructure`. */
function perProtocol(text: string): Pick<PublishedMessage, 'text' | 'texts'> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  if (!isObject(parsed)) throw invalidParameter('Message Structure - JSON message body failed to parse');
  const texts = Object.fromEntries(
    Object.entries(parsed).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  if (texts.default === undefined) {
    throw invalidParameter('Message Structure - No default entry in JSON message body');
  }
  return { text: texts.default, texts };
}

/** Developer guide, "Amazon SNS message attributes". */
function checkAttributes(attributes: Record<string, MessageAttributeValue>): PublishedMessage['attributes'] {
  const checked: Record<string, { Type: string; Value: string }> = {};
  for (const [name, value] of Object.entries(attributes)) {
    const allowed = /^(?!\.)(?!.*\.\.)[\w.-]+(?<!\.)$/.test(name) && !/^(aws|amazon)\./i.test(name);
    if (!allowed || name.length > MAX_ATTRIBUTE_NAME_LENGTH) {
      throw invalidParameter(`The message attribute name '${name}' is invalid`);
    }
    checked[name] = checkAttribute(name, value);
  }
  return Object.keys(checked).length === 0 ? undefined : checked;
}

function checkAttribute(name: string, value: MessageAttributeValue): { Type: string; Value: string } {
  const type = value.DataType ?? '';
  const [, kind] = /^(String|Number|Binary)(\..+)?$/.exec(type) ?? [];
  if (kind === undefined || type.length > 256) {
    throw invalidParameter(
      `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
    );
  }
  const empty = kind === 'Binary' ? !value.BinaryValue?.length : !value.StringValue;
  if (empty) {
    throw invalidParameter(
      `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
    );
  }
  if (kind === 'Binary') return { Type: type, Value: Buffer.from(value.BinaryValue as Uint8Array).toString('base64') };
  const text = value.StringValue as string;
  if (kind === 'Number' && !Number.isFinite(Number(text))) {
    throw invalidParameter(`Could not cast message attribute '${name}' value to number.`);
  }
  if (type === 'String.Array') checkArray(name, text);
  return { Type: type, Value: text };
}

function checkArray(name: string, text: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // Refused below.
  }
  const scalars = Array.isArray(parsed) && parsed.every((one) => one === null || typeof one !== 'object');
  if (!scalars) throw invalidParameter(`The message attribute '${name}' is no array of strings, numbers and keywords.`);
}
