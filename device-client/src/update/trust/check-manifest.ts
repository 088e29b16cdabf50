import {
  compareFirmware,
  type FirmwareManifest,
  type FirmwareVersion,
  firmwareManifestSchema,
  type TrustedKeySet,
  type UpdateDocument,
  type UpdateFailure,
} from '@fleetwright/contracts';
import { reasonOf } from '../../errors.ts';
import { parseCanonicalJson } from './canonical-json.ts';
import { verifySignatures } from './verify-signatures.ts';

/** What a device knows of itself when it judges a manifest. */
export interface DeviceFacts {
  readonly deviceType: string;
  readonly hardwareRevision: string;
  /** What runs, as far as that is known. */
  readonly running: { readonly version: FirmwareVersion; readonly sha256: string } | undefined;
  /** The lowest version that it takes (anti-rollback); undefined where none has set one. */
  readonly floor: FirmwareVersion | undefined;
  /** ms since the epoch, never before a time that a verified manifest has vouched for */
  readonly now: number;
}

export type ManifestVerdict =
  | { readonly ok: true; readonly manifest: FirmwareManifest; readonly keyId: string }
  | { readonly ok: false; readonly reason: UpdateFailure; readonly detail: string };

/**
 * Decides everything that can be decided before a byte of firmware is asked for.
 *
 * INVARIANT: nothing of the manifest is looked at before its signature has been verified.
 */
export function checkManifest(
  bytes: Uint8Array,
  document: Pick<UpdateDocument, 'signatures' | 'firmwareVersion'>,
  keySet: TrustedKeySet,
  facts: DeviceFacts,
): ManifestVerdict {
  const verdict = verifySignatures(bytes, document.signatures, keySet, 'firmware');
  if (!verdict.ok) return verdict;
  let manifest: FirmwareManifest;
  try {
    manifest = firmwareManifestSchema.parse(parseCanonicalJson(bytes));
  } catch (error) {
    return { ok: false, reason: 'MANIFEST_INVALID', detail: reasonOf(error) };
  }
  const objection = firstObjection(manifest, document.firmwareVersion, facts);
  return objection ?? { ok: true, manifest, keyId: verdict.keyId };
}

type Objection = Extract<ManifestVerdict, { ok: false }>;

function firstObjection(
  manifest: FirmwareManifest,
  ordered: FirmwareVersion,
  facts: DeviceFacts,
): Objection | undefined {
  const { deviceType, floor, hardwareRevision, now, running } = facts;
  const { version } = manifest;
  const no = (reason: UpdateFailure, detail: string): Objection => ({ ok: false, reason, detail });
  if (version !== ordered)
    return no('MANIFEST_INVALID', `the job orders ${ordered}, the manifest describes ${version}`);
  if (!manifest.deviceTypes.includes(deviceType)) {
    return no('WRONG_DEVICE_TYPE', `${version} is for ${manifest.deviceTypes.join(', ')}; this is ${deviceType}`);
  }
  if (!manifest.hardwareRevisions.includes(hardwareRevision)) {
    return no(
      'WRONG_HARDWARE',
      `${version} is for ${manifest.hardwareRevisions.join(', ')}; this is ${hardwareRevision}`,
    );
  }
  if (now > manifest.expiresAt) {
    return no('EXPIRED', `the manifest was good until ${new Date(manifest.expiresAt).toISOString()}`);
  }
  if (floor !== undefined && compareFirmware(version, floor) < 0) {
    return no('DOWNGRADE', `this device takes nothing below ${floor}; ${version} is below`);
  }
  if (running === undefined) return undefined;
  if (version === running.version && manifest.image.sha256 !== running.sha256) {
    return no('MANIFEST_INVALID', `${version} runs already with another image: one version names one image`);
  }
  const least = manifest.installableFrom;
  if (least !== undefined && compareFirmware(running.version, least) < 0) {
    return no('NOT_INSTALLABLE_FROM', `${version} is installable from ${least} on; ${running.version} runs`);
  }
  return undefined;
}
