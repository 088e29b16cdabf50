import { type ChecksumAlgorithm, createChecksum, digestSize } from './checksums.ts';

/** Check values of "123456789" from the CRC catalogue (reveng) and FIPS 180-4 digests. */
test.each([
  ['CRC32', 'cbf43926'],
  ['CRC32C', 'e3069283'],
  ['CRC64NVME', 'ae8b14860a799888'],
  ['SHA1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['SHA256', '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225'],
] as [ChecksumAlgorithm, string][])('%s, in one piece and in several', (algorithm, expected) => {
  const whole = createChecksum(algorithm);
  whole.update(Buffer.from('123456789'));
  expect(whole.digest().toString('hex')).toBe(expected);
  const pieces = createChecksum(algorithm);
  for (const digit of '123456789') pieces.update(Buffer.from(digit));
  const digest = pieces.digest();
  expect(digest.toString('hex')).toBe(expected);
  expect(digest).toHaveLength(digestSize(algorithm));
});
