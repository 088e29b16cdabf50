import { constants, createHash, generateKeyPairSync, sign as nodeSign, verify as nodeVerify } from 'node:crypto';
import type { KeySpec } from '@aws-sdk/client-kms';
import { systemEntropy } from '../../../core/entropy.ts';
import { readSignature, writeSignature } from './der-signature.ts';
import { hashOf, type Message, sign, verify } from './sign.ts';

const MESSAGE = Buffer.from('firmware 1.2.3');
const OTHER = Buffer.from('firmware 1.2.4');

function pair(spec: KeySpec) {
  const { privateKey, publicKey } =
    spec === 'RSA_2048'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ec', { namedCurve: spec.replace('ECC_NIST_P', 'P-') });
  return {
    privateKey,
    publicKey,
    pkcs8: privateKey.export({ type: 'pkcs8', format: 'der' }),
    spki: publicKey.export({ type: 'spki', format: 'der' }),
  };
}

const CASES: [KeySpec, string][] = [
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_NIST_P384', 'ECDSA_SHA_384'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_384'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512'],
  ['RSA_2048', 'RSASSA_PSS_SHA_256'],
  ['RSA_2048', 'RSASSA_PSS_SHA_384'],
  ['RSA_2048', 'RSASSA_PSS_SHA_512'],
];

// OpenSSL is the independent judge: it hashes the message itself.
test.each(CASES)('%s signs and verifies with %s as OpenSSL does, over message and digest', (spec, algorithm) => {
  const { privateKey, publicKey, pkcs8, spki } = pair(spec);
  const hash = hashOf(algorithm);
  const options = algorithm.includes('PSS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  const messages: Message[] = [
    { type: 'RAW', bytes: MESSAGE },
    { type: 'DIGEST', bytes: createHash(hash).update(MESSAGE).digest() },
  ];
  const others: Message[] = [
    { type: 'RAW', bytes: OTHER },
    { type: 'DIGEST', bytes: createHash(hash).update(OTHER).digest() },
  ];
  for (let round = 0; round < 4; round++) {
    const theirs = nodeSign(hash, MESSAGE, { key: privateKey, ...options });
    for (const message of messages) {
      const ours = sign(spec, pkcs8, algorithm, message, systemEntropy);
      expect(nodeVerify(hash, MESSAGE, { key: publicKey, ...options }, ours)).toBe(true);
      expect(verify(spec, spki, algorithm, message, ours)).toBe(true);
      expect(verify(spec, spki, algorithm, message, theirs)).toBe(true);
      const broken = Buffer.from(ours);
      broken[broken.length - 1] = (broken.at(-1) as number) ^ 1;
      expect(verify(spec, spki, algorithm, message, broken)).toBe(false);
      expect(verify(spec, spki, algorithm, message, ours.subarray(1))).toBe(false);
      expect(verify(spec, spki, algorithm, message, Buffer.alloc(0))).toBe(false);
    }
    for (const message of others) expect(verify(spec, spki, algorithm, message, theirs)).toBe(false);
  }
});

// source: RFC 6979, appendix A.2.5 (P-256, SHA-256, message "sample"): a known key, digest and signature
test('the P-256 signature of RFC 6979 verifies over its digest', () => {
  const spki = Buffer.from(
    '3059301306072a8648ce3d020106082a8648ce3d03010703420004' +
      '60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6' +
      '7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299',
    'hex',
  );
  const r = 0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n;
  const s = 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n;
  const digest = createHash('sha256').update('sample').digest();
  const message: Message = { type: 'DIGEST', bytes: digest };
  expect(verify('ECC_NIST_P256', spki, 'ECDSA_SHA_256', message, writeSignature(r, s))).toBe(true);
  expect(verify('ECC_NIST_P256', spki, 'ECDSA_SHA_256', message, writeSignature(r, s + 1n))).toBe(false);
});

// source: ITU-T X.690, 8.1.3, 8.3.2 and 10.1: one encoding each
test.each([
  ['nothing', ''],
  ['another type', '3106020101020101'],
  ['bytes after it', '300602010102010100'],
  ['bytes within it', '30070201010201010 0'.replace(' ', '')],
  ['a length in more octets than needed', '308106020101020101'],
  ['an indefinite length', '3080020101020101'],
  ['a negative integer', '3006020181020101'],
  ['an integer with a leading zero', '300702020001020101'],
  ['an empty integer', '30050200020101'],
  ['an end too early', '3006020101'],
])('%s is no signature', (_what, hex) => {
  expect(readSignature(Buffer.from(hex, 'hex'))).toBeUndefined();
});

test('a signature is read as it was written', () => {
  const r = 2n ** 520n + 1n;
  expect(readSignature(writeSignature(r, 128n))).toEqual({ r, s: 128n });
});
