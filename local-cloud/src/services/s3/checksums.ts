import { createHash, type Hash } from 'node:crypto';

/** Algorithms of "Checking object integrity" that are built. */
export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

export interface Checksum {
  update(bytes: Uint8Array): void;
  digest(): Buffer;
}

export function createChecksum(algorithm: ChecksumAlgorithm): Checksum {
  switch (algorithm) {
    case 'CRC32':
      return new Crc32(CRC32_TABLE);
    case 'CRC32C':
      return new Crc32(CRC32C_TABLE);
    case 'CRC64NVME':
      return new Crc64();
    case 'SHA1':
      return sha(createHash('sha1'));
    case 'SHA256':
      return sha(createHash('sha256'));
  }
}

export function digestSize(algorithm: ChecksumAlgorithm): number {
  return { CRC32: 4, CRC32C: 4, CRC64NVME: 8, SHA1: 20, SHA256: 32 }[algorithm];
}

function sha(hash: Hash): Checksum {
  return { update: (bytes) => void hash.update(bytes), digest: () => hash.digest() };
}

/** Reflected CRC of 32 bits, a byte at a time. */
class Crc32 implements Checksum {
  readonly #table: Uint32Array;
  #state = 0xffffffff;

  constructor(table: Uint32Array) {
    this.#table = table;
  }

  update(bytes: Uint8Array): void {
    const table = this.#table;
    let state = this.#state;
    for (let index = 0; index < bytes.length; index++) {
      state = (table[(state ^ (bytes[index] as number)) & 0xff] as number) ^ (state >>> 8);
    }
    this.#state = state;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(4);
    digest.writeUInt32BE((this.#state ^ 0xffffffff) >>> 0);
    return digest;
  }
}

/** Reflected CRC of 64 bits in two halves: BigInt would be a hundred times slower. */
class Crc64 implements Checksum {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): void {
    const { high: highTable, low: lowTable } = CRC64NVME_TABLE;
    let high = this.#high;
    let low = this.#low;
    for (let index = 0; index < bytes.length; index++) {
      const entry = (low ^ (bytes[index] as number)) & 0xff;
      low = (lowTable[entry] as number) ^ ((low >>> 8) | (high << 24));
      high = (highTable[entry] as number) ^ (high >>> 8);
    }
    this.#high = high;
    this.#low = low;
  }

  digest(): Buffer {
    const digest = Buffer.alloc(8);
    digest.writeUInt32BE((this.#high ^ 0xffffffff) >>> 0, 0);
    digest.writeUInt32BE((this.#low ^ 0xffffffff) >>> 0, 4);
    return digest;
  }
}

function crc32Table(polynomial: number): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value >>> 0;
  });
}

function crc64Table(polynomial: bigint): { high: Uint32Array; low: Uint32Array } {
  const high = new Uint32Array(256);
  const low = new Uint32Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let value = BigInt(byte);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    high[byte] = Number(value >> 32n);
    low[byte] = Number(value & 0xffffffffn);
  }
  return { high, low };
}

/** Reflected polynomials: IEEE 802.3, Castagnoli (RFC 3720), NVM Express Base Specification ("64b CRC"). */
const CRC32_TABLE = crc32Table(0xedb88320);
const CRC32C_TABLE = crc32Table(0x82f63b78);
const CRC64NVME_TABLE = crc64Table(0x9a6c9329ac4bc9b5n);
