import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type {
  FirmwareManifest,
  FirmwarePayload,
  FirmwareSignature,
  TrustedKeySet,
  UpdateDocument,
} from '@fleetwright/contracts';
import { crc32 } from '@fleetwright/durable-queue';
import { canonicalJson } from '../trust/canonical-json.ts';

export interface SigningKey {
  readonly keyId: string;
  readonly algorithm: FirmwareSignature['algorithm'];
  readonly publicKeyPem: string;
  readonly privateKey: KeyObject;
}

export function signingKey(keyId: string, algorithm: SigningKey['algorithm'] = 'ECDSA_P256_SHA256'): SigningKey {
  const { privateKey, publicKey } =
    algorithm === 'ED25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { keyId, algorithm, publicKeyPem, privateKey };
}

export function signBytes(bytes: Uint8Array, { algorithm, keyId, privateKey }: SigningKey): FirmwareSignature {
  const signature = sign(algorithm === 'ED25519' ? null : 'sha256', bytes, privateKey).toString('base64');
  return { keyId, algorithm, signature };
}

export function keySetOf(serial: number, roots: readonly SigningKey[], firmware: readonly SigningKey[]): TrustedKeySet {
  const listed = (keys: readonly SigningKey[], use: 'root' | 'firmware') =>
    keys.map(({ algorithm, keyId, publicKeyPem }) => ({ keyId, algorithm, publicKeyPem, use }));
  return { format: 1, serial, issuedAt: 1, keys: [...listed(roots, 'root'), ...listed(firmware, 'firmware')] };
}

export function payloadOf(bytes: Uint8Array, chunkSize = 4_096): FirmwarePayload {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) {
    chunks.push(
      crc32(bytes.subarray(at, at + chunkSize))
        .toString(16)
        .padStart(8, '0'),
    );
  }
  return { size: bytes.length, sha256: digestOf(bytes), chunkSize, chunks };
}

export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export const ISSUED = Date.UTC(2026, 5, 1);

export function manifestOf(
  image: Uint8Array,
  version: string,
  changes: Partial<FirmwareManifest> = {},
): FirmwareManifest {
  return {
    format: 1,
    version,
    minimumVersion: version,
    deviceTypes: ['pump-station'],
    hardwareRevisions: ['rev-b'],
    issuedAt: ISSUED,
    expiresAt: ISSUED + 86_400_000,
    image: payloadOf(image),
    deltas: [],
    ...changes,
  };
}

export function manifestBytes(manifest: FirmwareManifest): Buffer {
  return Buffer.from(canonicalJson(manifest));
}

/** A job document whose URLs end with `token`. */
export function documentOf(
  manifest: FirmwareManifest,
  signatures: readonly FirmwareSignature[],
  token = '0',
): UpdateDocument {
  const url = (name: string): string => `https://firmware.example/${name}?token=${token}`;
  return {
    version: 1,
    nonce: '0'.repeat(32),
    issuedAt: ISSUED,
    expiresAt: ISSUED + 86_400_000,
    operation: 'update',
    campaignId: 'campaign',
    firmwareVersion: manifest.version,
    manifest: { url: url('manifest') },
    signatures: [...signatures],
    image: { url: url('image') },
    deltas: manifest.deltas.map(({ from }, index) => ({ from, url: url(`delta-${index}`) })),
  };
}
