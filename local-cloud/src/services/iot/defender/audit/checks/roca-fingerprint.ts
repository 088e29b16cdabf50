/** Odd primes whose product divides the primorial that the faulty library builds its primes with, up to 167. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

const GENERATOR = 65_537;

/** Residues that a power of 65537 can have, per prime. */
const RESIDUES: readonly (readonly [prime: bigint, residues: ReadonlySet<number>])[] = PRIMES.map((prime) => {
  const residues = new Set<number>();
  for (let power = 1; !residues.has(power); power = (power * GENERATOR) % prime) residues.add(power);
  return [BigInt(prime), residues];
});

/**
 * Whether an RSA modulus was made by the Infineon RSA library of CVE-2017-15361: its primes are powers of 65537 modulo
 * a primorial, so that the modulus is one too (M. Nemec et al., "The Return of Coppersmith's Attack", section 2.3).
 * A sound modulus passes for one with a probability of about 2^-27.
 */
export function hasRocaFingerprint(modulus: bigint): boolean {
  return RESIDUES.every(([prime, residues]) => residues.has(Number(modulus % prime)));
}
