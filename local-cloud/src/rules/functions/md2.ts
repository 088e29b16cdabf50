/**
 * MD2 (RFC 1319), which OpenSSL 3 no longer offers. Not for security: the rule SQL has it as a function.
 * Its substitution table is a shuffle of 0…255 drawn from the digits of pi (RFC 1319 §3.2).
 */
export function md2(message: Buffer): string {
  const padding = 16 - (message.length % 16);
  const padded = Buffer.concat([message, Buffer.alloc(padding, padding)]);
  const input = Buffer.concat([padded, checksum(padded)]);
  const state = new Uint8Array(48);
  for (let start = 0; start < input.length; start += 16) {
    for (let index = 0; index < 16; index++) {
      const byte = input[start + index] as number;
      state[16 + index] = byte;
      state[32 + index] = byte ^ (state[index] as number);
    }
    let last = 0;
    for (let round = 0; round < 18; round++) {
      for (let index = 0; index < 48; index++) {
        last = (state[index] as number) ^ (SUBSTITUTION[last] as number);
        state[index] = last;
      }
      last = (last + round) & 0xff;
    }
  }
  return Buffer.from(state.subarray(0, 16)).toString('hex');
}

function checksum(padded: Buffer): Uint8Array {
  const sum = new Uint8Array(16);
  let last = 0;
  for (let start = 0; start < padded.length; start += 16) {
    for (let index = 0; index < 16; index++) {
      last = (sum[index] as number) ^ (SUBSTITUTION[(padded[start + index] as number) ^ last] as number);
      sum[index] = last;
    }
  }
  return sum;
}

const SUBSTITUTION = substitutionTable();

function substitutionTable(): Uint8Array {
  const digits = piDigits(800);
  let position = 0;
  /** A number below `limit`, from as few digits of pi as can hold it evenly. */
  const draw = (limit: number): number => {
    for (;;) {
      let scale = 10;
      let value = digits[position++] as number;
      if (limit > 10) {
        value = value * 10 + (digits[position++] as number);
        scale = 100;
      }
      if (limit > 100) {
        value = value * 10 + (digits[position++] as number);
        scale = 1000;
      }
      if (value < limit * Math.floor(scale / limit)) return value % limit;
    }
  };
  const table = Uint8Array.from({ length: 256 }, (_, index) => index);
  for (let count = 2; count <= 256; count++) {
    const other = draw(count);
    const held = table[other] as number;
    table[other] = table[count - 1] as number;
    table[count - 1] = held;
  }
  return table;
}

/** The first decimal digits of pi, 3 first, by Machin's formula. */
function piDigits(count: number): number[] {
  const unit = 10n ** BigInt(count + 10);
  const arctan = (inverse: bigint): bigint => {
    let power = unit / inverse;
    let sum = power;
    for (let odd = 3n, sign = -1n; power !== 0n; odd += 2n, sign = -sign) {
      power /= inverse * inverse;
      sum += (sign * power) / odd;
    }
    return sum;
  };
  return [...String(4n * (4n * arctan(5n) - arctan(239n))).slice(0, count)].map(Number);
}
