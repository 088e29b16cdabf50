import type { FirmwareSignature, ReleaseRecord, UploadRecord } from '@fleetwright/contracts';
import type { TrackingPorts } from '../shared/tracked-state.ts';
import type { Measured } from './measure-payload.ts';

type Kept<T> = Pick<TrackingPorts<T, never>, 'load' | 'save'>;

/** One version of an object: what was checked is what is copied and signed, whatever is uploaded meanwhile. */
export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

export interface FilePorts {
  /** Undefined: there is no such version, or no object. Never more than `most` + 1 bytes. */
  read(object: ObjectVersion, most: number): Promise<Uint8Array | undefined>;
  /** Measures the newest version of an object. Undefined: there is none. */
  measure(key: string, chunkSize: number): Promise<{ object: ObjectVersion; measured: Measured } | undefined>;
  /** @returns the copy */
  copy(object: ObjectVersion, toKey: string): Promise<ObjectVersion>;
}

/** Signs manifests with a key that never leaves its service. */
export interface ManifestSigner {
  /**
   * @param manifest its object, whose bytes have the digest `sha256`
   * @returns undefined: it is still being signed; ask again
   * @throws FunctionError `SIGNING_FAILED` when asking again is of no use
   */
  sign(manifest: ObjectVersion, sha256: string): Promise<FirmwareSignature | undefined>;
  /** Public key or certificate, PEM, that signatures must verify with. */
  publicKeyPem(): Promise<string>;
}

export interface ReleasePorts extends FilePorts {
  readonly uploads: Kept<UploadRecord>;
  readonly releases: Kept<ReleaseRecord>;
  readonly signer: ManifestSigner;
  now(): number;
}
