import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GetObjectCommand, S3Client, type S3ClientConfig, S3ServiceException } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { NucleusError } from '../../nucleus-error.ts';
import type { PlatformAttributes } from '../../recipe/recipe.ts';
import type { DeviceHttps, HttpsEndpoint } from './device-https.ts';
import { CloudUnreachable, CoreNotAllowed, type GreengrassCloud } from './greengrass-cloud.ts';
import { CredentialsRefused, type RoleCredentials } from './role-credentials.ts';

const S3_URI = /^s3:\/\/([^/]+)\/(.+)$/i;
/** Pages of thing groups: a thing is in ten at most, each with its ancestors. */
const MAX_PAGES = 100;

const candidatesSchema = z.object({ resolvedComponentVersions: z.array(z.object({ recipe: z.base64() })) });
const groupsSchema = z.object({
  thingGroups: z.array(
    z.object({
      thingGroupName: z.string(),
      rootToParentThingGroups: z.array(z.object({ thingGroupName: z.string() })).default([]),
    }),
  ),
  nextToken: z.string().nullish(),
});

export interface GreengrassCloudOptions {
  readonly https: DeviceHttps;
  /** On AWS `greengrass-ats.iot.<region>.amazonaws.com`, port 8443. */
  readonly endpoint: HttpsEndpoint;
  readonly thingName: string;
  /** Undefined: this core has no role, and so no artifacts from S3. */
  readonly credentials: RoleCredentials | undefined;
  /** Region, and for another endpoint than AWS' its settings. */
  readonly s3: S3ClientConfig;
}

/**
 * AWS IoT Greengrass over HTTPS with the core's certificate, and artifacts from S3 with the credentials of its role. Paths and members:
 * API ResolveComponentCandidates; nucleus lite, `deployment_handler.c`.
 */
export class HttpsGreengrassCloud implements GreengrassCloud {
  readonly #options: GreengrassCloudOptions;
  readonly #s3: S3Client;

  constructor(options: GreengrassCloudOptions) {
    this.#options = options;
    const { credentials } = options;
    this.#s3 = new S3Client({
      followRegionRedirects: true,
      ...options.s3,
      credentials: () => {
        if (credentials === undefined) throw new CredentialsRefused(403, 'this core has no role alias');
        return credentials.get();
      },
    });
  }

  async resolve(
    name: string,
    requirements: Readonly<Record<string, string>>,
    platform: PlatformAttributes,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const body = JSON.stringify({
      platform: { attributes: platform },
      componentCandidates: [{ componentName: name, versionRequirements: requirements }],
    });
    const { endpoint, https } = this.#options;
    const answer = await https.ask(endpoint, 'POST', '/greengrass/v2/resolveComponentCandidates', { body, signal });
    if (answer.status === 404) return undefined;
    if (answer.status === 403) throw notAllowed('greengrass:ResolveComponentCandidates');
    if (answer.status !== 200) {
      throw new NucleusError('DEPENDENCY_UNMET', `${name} cannot be resolved for this core: ${answer.body}`);
    }
    const [found] = read(candidatesSchema, answer.body).resolvedComponentVersions;
    return found === undefined ? undefined : Buffer.from(found.recipe, 'base64').toString('utf8');
  }

  async thingGroups(signal: AbortSignal): Promise<readonly string[]> {
    const { endpoint, https, thingName } = this.#options;
    const path = `/greengrass/v2/coreDevices/${encodeURIComponent(thingName)}/thingGroups`;
    const names = new Set<string>();
    let token: string | null | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const query = typeof token === 'string' ? `?nextToken=${encodeURIComponent(token)}` : '';
      const answer = await https.ask(endpoint, 'GET', `${path}${query}`, { signal });
      if (answer.status === 403) throw notAllowed('greengrass:ListThingGroupsForCoreDevice');
      if (answer.status !== 200) throw new CloudUnreachable(`the thing groups: status ${answer.status}`);
      const { nextToken, thingGroups } = read(groupsSchema, answer.body);
      for (const { rootToParentThingGroups, thingGroupName } of thingGroups) {
        names.add(thingGroupName);
        for (const ancestor of rootToParentThingGroups) names.add(ancestor.thingGroupName);
      }
      token = nextToken;
      if (token === null || token === undefined) break;
    }
    return [...names];
  }

  async download(uri: string, file: string, signal: AbortSignal): Promise<void> {
    const [, Bucket, Key] = S3_URI.exec(uri) ?? [];
    if (Bucket === undefined || Key === undefined) {
      throw new NucleusError('ARTIFACT_INVALID', `${uri} is not in S3, and nothing else can be downloaded`);
    }
    try {
      const { Body } = await this.#s3.send(new GetObjectCommand({ Bucket, Key }), { abortSignal: signal });
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await pipeline(Body as Readable, createWriteStream(`${file}.part`, { mode: 0o600, flush: true }), { signal });
      await rename(`${file}.part`, file);
    } catch (error) {
      signal.throwIfAborted();
      throw refusalOf(uri, error) ?? new CloudUnreachable(`${uri}: ${reasonOf(error)}`, { cause: error });
    }
  }

  close(): void {
    this.#s3.destroy();
  }
}

function notAllowed(action: string): CoreNotAllowed {
  return new CoreNotAllowed(`the policy of this core does not allow ${action}`);
}

/** Undefined: it may work later. */
function refusalOf(uri: string, error: unknown): NucleusError | undefined {
  if (error instanceof CredentialsRefused && error.status === 403) {
    return new CoreNotAllowed(`${uri} cannot be downloaded: ${error.message}`);
  }
  const isRefused =
    error instanceof CredentialsRefused ||
    (error instanceof S3ServiceException && error.$fault === 'client' && error.$retryable === undefined);
  if (!isRefused) return undefined;
  return new NucleusError('ARTIFACT_INVALID', `${uri} cannot be downloaded: ${reasonOf(error)}`, { cause: error });
}

/** @throws CloudUnreachable for what is no answer of the service */
function read<T>(schema: z.ZodType<T>, text: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new CloudUnreachable('the answer of AWS IoT Greengrass is not valid', { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
