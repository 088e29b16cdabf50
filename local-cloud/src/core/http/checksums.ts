import { createHash } from 'node:crypto';
import { NotImplementedError } from '../errors.ts';

/** A running checksum. `value` is its base64, as S3's headers carry it. */
export interface Checksum {
  update(data: Uint8Array): void;
  value(): string;
}

/** Amazon S3 user guide, "Checking object integrity": algorithms of `x-amz-checksum-<name>`. */
export function createChecksum(name: string): Checksum {
  switch (name) {
    case 'crc32':
      return new Crc32(CRC32);
    case 'crc32c':
      return new Crc32(CRC32C);
    case 'crc64nvme':
      return new Crc64Nvme();
    case 'sha1':
    case 'sha256':
    case 'sha512':
    case 'md5':
      return new Digest(name);
    default:
      throw new NotImplementedError(`s3 checksum algorithm ${name}`);
  }
}

class Digest implements Checksum {
  readonly #hash: ReturnType<typeof createHash>;

  constructor(algorithm: string) {
    this.#hash = createHash(algorithm);
  }

  update(data: Uint8Array): void {
    this.#hash.update(data);
  }

  value(): string {
    return this.#hash.digest('base64');
  }
}

/** Reflected polynomials. */
const CRC32 = table32(0xedb88320);
const CRC32C = table32(0x82f63b78);

function table32(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ polynomial : remainder >>> 1;
    return remainder;
  });
}

class Crc32 implements Checksum {
  readonly #table: Uint32Array;
  #remainder = 0xffffffff;

  constructor(table: Uint32Array) {
    this.#table = table;
  }

  update(data: Uint8Array): void {
    let remainder = this.#remainder;
    for (let at = 0; at < data.length; at++) {
      remainder = (remainder >>> 8) ^ (this.#table[(remainder ^ (data[at] as number)) & 0xff] as number);
    }
    this.#remainder = remainder;
  }

  value(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(~this.#remainder >>> 0);
    return bytes.toString('base64');
  }
}

/** Reflected polynomial 0x9a6c9329ac4bc9b5, in two halves: bitwise operators know 32 bits. */
const CRC64_HIGH = new Uint32Array(256);
const CRC64_LOW = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let high = 0;
  let low = byte;
  for (let bit = 0; bit < 8; bit++) {
    const carry = low & 1;
    low = (low >>> 1) | ((high & 1) << 31);
    high >>>= 1;
    if (carry) {
      high ^= 0x9a6c9329;
      low ^= 0xac4bc9b5;
    }
  }
  CRC64_HIGH[byte] = high;
  CRC64_LOW[byte] = low;
}

class Crc64Nvme implements Checksum {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(data: Uint8Array): void {
    let high = this.#high;
    let low = this.#low;
    for (let at = 0; at < data.length; at++) {
      const index = (low ^ (data[at] as number)) & 0xff;
      low = ((low >>> 8) | ((high & 0xff) << 24)) ^ (CRC64_LOW[index] as number);
      high = (high >>> 8) ^ (CRC64_HIGH[index] as number);
    }
    this.#high = high;
    this.#low = low;
  }

  value(): string {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(~this.#high >>> 0, 0);
    bytes.writeUInt32BE(~this.#low >>> 0, 4);
    return bytes.toString('base64');
  }
}
