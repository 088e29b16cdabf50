import { createChecksum } from './checksums.ts';

// Catalogue of parametrised CRC algorithms: check values of "123456789"; FIPS 180-4 and RFC 1321 for the digests.
test.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441'],
  ['md5', '25f9e794323b453885f5181f1b624d0b'],
])('%s of the check string', (name, expected) => {
  const checksum = createChecksum(name);
  checksum.update(Buffer.from('1234'));
  checksum.update(Buffer.from('56789'));
  expect(Buffer.from(checksum.value(), 'base64').toString('hex')).toBe(expected);
});

test('an algorithm that is not built is refused by name', () => {
  expect(() => createChecksum('xxhash64')).toThrow(/xxhash64 is not implemented/);
});
