import { createHash } from 'node:crypto';
import type { MessageAttributeValue } from '@aws-sdk/client-sqs';
import { hashOf } from '../../core/hash-of.ts';

/** `MD5OfMessageBody`: of the body's UTF-8, in lower-case hexadecimal. SDK clients verify it. */
export function bodyDigest(body: string): string {
  return hashOf('md5', body, 'hex');
}

/**
 * `MD5OfMessageAttributes` (developer guide, "Amazon SQS message metadata", calculating the MD5 message digest):
 * by name, each of name, data type and value with its length as four bytes, big-endian, before it, and before the
 * value one byte for its transport type: 1 for String and Number, 2 for Binary.
 */
export function attributesDigest(attributes: Readonly<Record<string, MessageAttributeValue>>): string {
  const hash = createHash('md5');
  const add = (value: Uint8Array): void => {
    const length = Buffer.allocUnsafe(4);
    length.writeUInt32BE(value.length);
    hash.update(length).update(value);
  };
  for (const name of Object.keys(attributes).sort()) {
    const value = attributes[name] as MessageAttributeValue;
    add(Buffer.from(name));
    add(Buffer.from(value.DataType ?? ''));
    hash.update(Buffer.of(value.BinaryValue === undefined ? 1 : 2));
    add(value.BinaryValue ?? Buffer.from(value.StringValue ?? ''));
  }
  return hash.digest('hex');
}
