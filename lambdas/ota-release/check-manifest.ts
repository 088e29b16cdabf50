import { createHash } from 'node:crypto';
import {
  type FirmwareManifest,
  type FirmwarePayload,
  firmwareManifestSchema,
  MAX_MANIFEST_BYTES,
  type Refusal,
} from '@fleetwright/contracts';

import * as z from 'zod';
import { canonicalJson } from '../shared/canonical-json.ts';
import type { Measured } from './measure-payload.ts';

export interface RefusalReason {
  readonly code: Refusal;
  readonly detail: string;
}

export type CheckedManifest =
  | { readonly ok: true; readonly manifest: FirmwareManifest; readonly sha256: string }
  | { readonly ok: false; readonly refusal: RefusalReason };

const no = (code: Refusal, detail: string): { ok: false; refusal: RefusalReason } => ({
  ok: false,
  refusal: { code, detail: detail.slice(0, 2_000) },
});

/**
 * Whether bytes are a manifest that may be signed: of the contract, in canonical form (RFC 8785), not yet expired, and
 * for device types of this stage alone.
 */
export function checkManifest(bytes: Uint8Array, deviceTypes: ReadonlySet<string>, now: number): CheckedManifest {
  if (bytes.length > MAX_MANIFEST_BYTES) {
    return no(
      'MANIFEST_TOO_LARGE',
      `the manifest has ${bytes.length} bytes, at most ${MAX_MANIFEST_BYTES} are allowed`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return no('MANIFEST_INVALID', 'the manifest is not JSON in UTF-8');
  }
  const parsed = firmwareManifestSchema.safeParse(value);
  if (!parsed.success) return no('MANIFEST_INVALID', z.prettifyError(parsed.error));
  const canonical = canonicalJson(value);
  if (!canonical.equals(bytes))
    return no('NOT_CANONICAL', 'the bytes are not the canonical form (RFC 8785) of the manifest');
  const manifest = parsed.data;
  if (manifest.expiresAt <= now) {
    return no('EXPIRED', `the manifest expired at ${new Date(manifest.expiresAt).toISOString()}`);
  }
  const foreign = manifest.deviceTypes.find((deviceType) => !deviceTypes.has(deviceType));
  if (foreign !== undefined) {
    return no('UNKNOWN_DEVICE_TYPE', `this stage has no device type ${foreign}; it has ${[...deviceTypes].join(', ')}`);
  }
  const bases = manifest.deltas.map(({ from }) => from);
  const twice = bases.find((from, at) => bases.indexOf(from) !== at);
  if (twice !== undefined) return no('MANIFEST_INVALID', `there are two deltas from ${twice}`);
  return { ok: true, manifest, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Whether a file is what the manifest says of it. Undefined: it is. */
export function differenceOf(file: string, wanted: FirmwarePayload, found: Measured): RefusalReason | undefined {
  if (found.size !== wanted.size) {
    return { code: 'SIZE_MISMATCH', detail: `${file} has ${found.size} bytes, the manifest says ${wanted.size}` };
  }
  if (found.sha256 !== wanted.sha256) {
    return {
      code: 'DIGEST_MISMATCH',
      detail: `${file} has the digest ${found.sha256}, the manifest says ${wanted.sha256}`,
    };
  }
  const wrong = found.chunks.findIndex((crc, at) => crc !== wanted.chunks[at]);
  if (wrong < 0) return undefined;
  return {
    code: 'CHUNK_MISMATCH',
    detail: `chunk ${wrong} of ${file} has the checksum ${found.chunks[wrong]}, the manifest says ${wanted.chunks[wrong]}`,
  };
}
