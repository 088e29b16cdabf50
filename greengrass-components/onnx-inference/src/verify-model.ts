import { createHash } from 'node:crypto';
import {
  compareFirmware,
  type FirmwareVersion,
  type ModelManifest,
  type ModelSignatures,
  modelManifestSchema,
  modelSignaturesSchema,
} from '@fleetwright/contracts';
import * as z from 'zod';
import { parseCanonicalJson } from './canonical-json.ts';
import { type ModelPapers, readPapers, readPlainFile } from './model-files.ts';
import { ModelRefusal } from './model-refusal.ts';
import { type TrustedKeys, verifySignatures } from './model-signatures.ts';

/** A model whose signature and digest have been verified; it has not run yet. */
export interface VerifiedModel {
  readonly manifest: ModelManifest;
  /** SHA-256 of the manifest, hexadecimal: the identity of the whole, for the manifest holds the file's digest. */
  readonly digest: string;
  readonly keyId: string;
  readonly papers: ModelPapers;
  readonly bytes: Buffer;
}

export interface ModelExpectations {
  readonly keys: TrustedKeys;
  /** What this place is for; undefined: any. */
  readonly name?: string | undefined;
  readonly minimumVersion?: FirmwareVersion | undefined;
  /** Digest of the manifest that had this version here before. */
  digestOf?(name: string, version: string): string | undefined;
}

/**
 * Decides everything about a model that can be decided without running it.
 *
 * INVARIANT: nothing of the manifest is looked at before its signature has been verified, and the model file is not read
 * before the manifest has been accepted.
 * @throws ModelRefusal
 */
export async function verifyModel(directory: string, expected: ModelExpectations): Promise<VerifiedModel> {
  const papers = await readPapers(directory);
  const keyId = verifySignatures(papers.manifest, readSignatures(papers.signatures), expected.keys);
  const manifest = readManifest(papers.manifest);
  const digest = sha256(papers.manifest);
  const { file, name, version } = manifest;
  if (expected.name !== undefined && name !== expected.name) {
    throw new ModelRefusal('WRONG_MODEL', `this place is for ${expected.name}, the manifest describes ${name}`);
  }
  if (expected.minimumVersion !== undefined && compareFirmware(version, expected.minimumVersion) < 0) {
    throw new ModelRefusal('DOWNGRADE', `${name} ${version} is below ${expected.minimumVersion}`);
  }
  const before = expected.digestOf?.(name, version);
  if (before !== undefined && before !== digest) {
    throw new ModelRefusal('VERSION_REUSED', `${name} ${version} is known here with other content`);
  }
  const bytes = await readPlainFile(directory, file.name, file.size);
  if (bytes.length !== file.size) {
    throw new ModelRefusal('WRONG_FILE', `${file.name} has ${bytes.length} bytes of ${file.size}`);
  }
  if (sha256(bytes) !== file.sha256) {
    throw new ModelRefusal('WRONG_FILE', `${file.name} has another digest than the manifest says`);
  }
  return { manifest, digest, keyId, papers, bytes };
}

/** @throws ModelRefusal `SIGNATURE_INVALID` */
export function readSignatures(bytes: Uint8Array): ModelSignatures {
  try {
    return modelSignaturesSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw new ModelRefusal('SIGNATURE_INVALID', `the signatures cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

function readManifest(bytes: Buffer): ModelManifest {
  try {
    return modelManifestSchema.parse(parseCanonicalJson(bytes));
  } catch (error) {
    throw new ModelRefusal('MANIFEST_INVALID', reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof z.ZodError)) return error instanceof Error ? error.message : String(error);
  const shown = error.issues.slice(0, 4).map(({ message, path }) => `${path.join('.') || 'the manifest'}: ${message}`);
  return shown.join('; ');
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
