import { createHash } from 'node:crypto';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { JsonObject } from '../../../core/shadows.ts';
import { validation } from '../errors.ts';
import { MAX_ARTIFACT_BYTES } from '../limits.ts';
import { invalid, type ReadRecipe } from './read-recipe.ts';

const S3 = /^s3:\/\/([^/]+)\/(.+)$/i;

/**
 * The recipe with the digest of each artifact in S3, computed as the caller may read it (developer guide, `publish-components`: "AWS
 * IoT Greengrass computes the digest of each artifact when you create the component").
 *
 * @throws AwsError ValidationException naming every artifact that cannot be read
 */
export async function withDigests(
  context: CloudContext,
  principal: Principal,
  recipe: ReadRecipe,
): Promise<JsonObject> {
  const uris = new Set(recipe.manifests.flatMap(({ artifacts }) => artifacts.map(uriOf)));
  const digests = new Map<string, string>();
  const unreadable: string[] = [];
  let bytes = 0;
  for (const uri of uris) {
    if (/^docker:/i.test(uri)) continue;
    const [, Bucket, Key] = S3.exec(uri) ?? [];
    if (Bucket === undefined || Key === undefined)
      throw invalid(`the artifact URI ${uri} is neither of S3 nor of Docker`);
    try {
      const found = await context.api.call<{ Body?: unknown }>(principal, 's3', 'GetObject', { Bucket, Key });
      const read = await digestOf(found.Body);
      digests.set(uri, read.digest);
      bytes += read.bytes;
    } catch {
      unreadable.push(uri);
    }
  }
  if (unreadable.length > 0) {
    const shown = unreadable.map((uri) => `${uri} = Specified artifact resource cannot be accessed`).join(', ');
    throw validation(`Invalid Input: Encountered following errors in Artifacts: {${shown}}`);
  }
  if (bytes > MAX_ARTIFACT_BYTES) throw invalid(`the artifacts have ${bytes} bytes, ${MAX_ARTIFACT_BYTES} at most`);
  const manifests = (recipe.document.Manifests as readonly JsonObject[]).map((manifest, index) => {
    const artifacts = recipe.manifests[index]?.artifacts ?? [];
    if (artifacts.length === 0) return manifest;
    return { ...manifest, Artifacts: artifacts.map((artifact) => withDigest(artifact, digests.get(uriOf(artifact)))) };
  });
  return { ...recipe.document, Manifests: manifests };
}

/** Keys of recipes are written both ways: `URI`, `Uri`. */
export function uriOf(artifact: JsonObject): string {
  const uri = Object.entries(artifact).find(([key]) => key.toLowerCase() === 'uri')?.[1];
  if (typeof uri !== 'string') throw invalid('an artifact needs a URI');
  return uri;
}

function withDigest(artifact: JsonObject, digest: string | undefined): JsonObject {
  return digest === undefined ? artifact : { ...artifact, Digest: digest, Algorithm: 'SHA-256' };
}

/** @param body a Buffer, text or stream, as operations answer inside the process */
async function digestOf(body: unknown): Promise<{ digest: string; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  const add = (chunk: string | Uint8Array): void => {
    hash.update(chunk);
    bytes += chunk.length;
  };
  if (typeof body === 'string' || body instanceof Uint8Array) add(body);
  else if (body !== undefined && body !== null) for await (const chunk of body as AsyncIterable<Uint8Array>) add(chunk);
  return { digest: hash.digest('base64'), bytes };
}
