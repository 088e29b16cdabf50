/** `Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }` (RFC 3279, section 2.2.3), in DER. */
const SEQUENCE = 0x30;
const INTEGER = 0x02;

export function writeSignature(r: bigint, s: bigint): Buffer {
  const content = Buffer.concat([writeInteger(r), writeInteger(s)]);
  return Buffer.concat([Buffer.from([SEQUENCE]), writeLength(content.length), content]);
}

/** Undefined for what is not exactly DER. */
export function readSignature(bytes: Buffer): { r: bigint; s: bigint } | undefined {
  const whole = readElement(bytes, 0, SEQUENCE);
  if (whole === undefined || whole.end !== bytes.length) return undefined;
  const r = readElement(whole.content, 0, INTEGER);
  const s = r && readElement(whole.content, r.end, INTEGER);
  if (r === undefined || s === undefined || s.end !== whole.content.length) return undefined;
  const values = [readInteger(r.content), readInteger(s.content)];
  const [first, second] = values;
  return first === undefined || second === undefined ? undefined : { r: first, s: second };
}

function writeInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  const padded = Number.parseInt(even.slice(0, 2), 16) > 0x7f ? `00${even}` : even;
  const bytes = Buffer.from(padded, 'hex');
  return Buffer.concat([Buffer.from([INTEGER]), writeLength(bytes.length), bytes]);
}

function writeLength(length: number): Buffer {
  return length < 0x80 ? Buffer.from([length]) : Buffer.from([0x81, length]);
}

function readElement(bytes: Buffer, at: number, tag: number): { content: Buffer; end: number } | undefined {
  if (bytes[at] !== tag) return undefined;
  let length = bytes[at + 1];
  let start = at + 2;
  if (length === 0x81) {
    length = bytes[start++];
    if (length === undefined || length < 0x80) return undefined;
  }
  if (length === undefined || length > 0xff || (length === 0x80 && start === at + 2)) return undefined;
  const end = start + length;
  return end > bytes.length ? undefined : { content: bytes.subarray(start, end), end };
}

/** Positive and in the fewest octets. */
function readInteger(content: Buffer): bigint | undefined {
  const [first, second] = content;
  if (first === undefined || first > 0x7f) return undefined;
  if (first === 0 && second !== undefined && second <= 0x7f) return undefined;
  return BigInt(`0x${content.toString('hex')}`);
}
