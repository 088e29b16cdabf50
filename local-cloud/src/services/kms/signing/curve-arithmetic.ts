import type { Curve } from '../key-specs.ts';

/** Domain parameters of a short Weierstrass curve over a prime field with a = -3 (FIPS 186-4, D.1.2). */
export interface Domain {
  readonly p: bigint;
  readonly n: bigint;
  readonly g: Point;
  /** Octets of a field element. */
  readonly size: number;
}

export interface Point {
  readonly x: bigint;
  readonly y: bigint;
}

export const DOMAINS: Readonly<Record<Curve['name'], Domain>> = {
  prime256v1: {
    p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
    n: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    g: {
      x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
      y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
    },
    size: 32,
  },
  secp384r1: {
    p: 0xfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffffn,
    n: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    g: {
      x: 0xaa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7n,
      y: 0x3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5fn,
    },
    size: 48,
  },
  secp521r1: {
    p: 2n ** 521n - 1n,
    n: 0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    g: {
      x: 0x00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66n,
      y: 0x011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650n,
    },
    size: 66,
  },
};

export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** Extended Euclid; `modulus` is prime and `value` no multiple of it. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [mod(value, modulus), modulus];
  let [u, v] = [1n, 0n];
  while (a > 1n) {
    const quotient = b / a;
    [a, b] = [b - quotient * a, a];
    [u, v] = [v - quotient * u, u];
  }
  return mod(u, modulus);
}

/** Jacobian coordinates; z = 0 is the point at infinity. */
interface Jacobian {
  readonly x: bigint;
  readonly y: bigint;
  readonly z: bigint;
}

const INFINITY: Jacobian = { x: 1n, y: 1n, z: 0n };

/** `u1·G + u2·q`, for public values alone: its time depends on them. Undefined for the point at infinity. */
export function combine({ p, g }: Domain, u1: bigint, q: Point, u2: bigint): Point | undefined {
  const base = { ...g, z: 1n };
  const other = { ...q, z: 1n };
  const both = add(base, other, p);
  let sum = INFINITY;
  for (let bit = Math.max(u1.toString(2).length, u2.toString(2).length) - 1; bit >= 0; bit--) {
    sum = double(sum, p);
    const inFirst = (u1 >> BigInt(bit)) & 1n;
    const inSecond = (u2 >> BigInt(bit)) & 1n;
    if (inFirst === 1n) sum = add(sum, inSecond === 1n ? both : base, p);
    else if (inSecond === 1n) sum = add(sum, other, p);
  }
  if (sum.z === 0n) return undefined;
  const z = inverse(sum.z, p);
  return { x: mod(sum.x * z * z, p), y: mod(sum.y * z * z * z, p) };
}

function double({ x, y, z }: Jacobian, p: bigint): Jacobian {
  if (z === 0n || y === 0n) return INFINITY;
  const yy = mod(y * y, p);
  const s = mod(4n * x * yy, p);
  const zz = mod(z * z, p);
  const m = mod(3n * (x - zz) * (x + zz), p);
  const doubled = mod(m * m - 2n * s, p);
  return { x: doubled, y: mod(m * (s - doubled) - 8n * yy * yy, p), z: mod(2n * y * z, p) };
}

function add(a: Jacobian, b: Jacobian, p: bigint): Jacobian {
  if (a.z === 0n) return b;
  if (b.z === 0n) return a;
  const azz = mod(a.z * a.z, p);
  const bzz = mod(b.z * b.z, p);
  const u1 = mod(a.x * bzz, p);
  const u2 = mod(b.x * azz, p);
  const s1 = mod(a.y * bzz * b.z, p);
  const s2 = mod(b.y * azz * a.z, p);
  if (u1 === u2) return s1 === s2 ? double(a, p) : INFINITY;
  const h = mod(u2 - u1, p);
  const r = mod(s2 - s1, p);
  const hh = mod(h * h, p);
  const hhh = mod(h * hh, p);
  const v = mod(u1 * hh, p);
  const x = mod(r * r - hhh - 2n * v, p);
  return { x, y: mod(r * (v - x) - s1 * hhh, p), z: mod(h * a.z * b.z, p) };
}
