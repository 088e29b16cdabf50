import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';
import { CloudError, messageOf } from '../core/errors.ts';
import type { FileAsset, StackArtifact, Template } from './template-types.ts';

/** `manifest.json` of a cloud assembly (aws-cdk, cloud-assembly-schema), the parts that deploying needs. */
const manifestSchema = z.object({
  version: z.string(),
  artifacts: z
    .record(
      z.string(),
      z.object({
        type: z.string(),
        environment: z.string().optional(),
        dependencies: z.array(z.string()).optional(),
        properties: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .default({}),
});

const assetManifestSchema = z.object({
  files: z
    .record(
      z.string(),
      z.object({
        source: z.object({ path: z.string().optional(), packaging: z.string().optional() }),
        destinations: z.record(z.string(), z.object({ bucketName: z.string(), objectKey: z.string() })),
      }),
    )
    .default({}),
  dockerImages: z.record(z.string(), z.unknown()).default({}),
});

/**
 * Reads a synthesized cloud assembly, nested assemblies of stages included.
 * Stacks come in an order in which each stands after those it depends on.
 * @throws CloudError `ASSEMBLY_INVALID`
 */
export function readAssembly(directory: string): StackArtifact[] {
  const stacks = new Map<string, StackArtifact>();
  collect(resolve(directory), stacks);
  if (stacks.size === 0) throw new CloudError('ASSEMBLY_INVALID', `${directory} holds no stack`);
  return inDependencyOrder(stacks);
}

function collect(directory: string, stacks: Map<string, StackArtifact>): void {
  const manifest = manifestSchema.parse(readJson(join(directory, 'manifest.json')));
  for (const [id, artifact] of Object.entries(manifest.artifacts)) {
    const properties = artifact.properties ?? {};
    if (artifact.type === 'cdk:cloud-assembly') {
      collect(join(directory, String(properties.directoryName)), stacks);
    } else if (artifact.type === 'aws:cloudformation:stack') {
      const templateFile = join(directory, String(properties.templateFile));
      const [account, region] = environmentOf(artifact.environment);
      stacks.set(id, {
        id,
        stackName: String(properties.stackName ?? id),
        templateFile,
        template: readJson(templateFile) as Template,
        parameters: (properties.parameters ?? {}) as Record<string, string>,
        dependencies: artifact.dependencies ?? [],
        account,
        region,
        tags: (properties.tags ?? {}) as Record<string, string>,
        terminationProtection: properties.terminationProtection === true,
        assets: readAssets(directory, id),
      });
    }
  }
}

/** `aws://123456789012/eu-central-1`; an environment-agnostic stack has `unknown-account` and `unknown-region`. */
function environmentOf(text: string | undefined): [string | undefined, string | undefined] {
  const match = /^aws:\/\/([^/]+)\/(.+)$/.exec(text ?? '');
  const known = (part: string | undefined) => (part === undefined || part.startsWith('unknown-') ? undefined : part);
  return [known(match?.[1]), known(match?.[2])];
}

function readAssets(directory: string, stackId: string): FileAsset[] {
  const file = join(directory, `${stackId}.assets.json`);
  if (!existsSync(file)) return [];
  const manifest = assetManifestSchema.parse(readJson(file));
  const images = Object.keys(manifest.dockerImages);
  if (images.length > 0) {
    throw new CloudError('ASSEMBLY_INVALID', `${file}: container image assets cannot run here: ${images.join(', ')}`);
  }
  return Object.entries(manifest.files).flatMap(([hash, asset]) => {
    if (asset.source.path === undefined) {
      throw new CloudError('ASSEMBLY_INVALID', `${file}: asset ${hash} is made by an external command`);
    }
    return [
      {
        path: join(dirname(file), asset.source.path),
        packaging: asset.source.packaging ?? 'file',
        destinations: Object.values(asset.destinations),
      },
    ];
  });
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CloudError('ASSEMBLY_INVALID', `cannot read ${file}: ${messageOf(error)}. Run \`npx cdk synth\` first.`, {
      cause: error,
    });
  }
}

function inDependencyOrder(stacks: ReadonlyMap<string, StackArtifact>): StackArtifact[] {
  const ordered = new Set<StackArtifact>();
  const visiting = new Set<string>();
  const visit = (id: string): void => {
    const stack = stacks.get(id);
    if (stack === undefined || ordered.has(stack)) return;
    if (visiting.has(id)) throw new CloudError('ASSEMBLY_INVALID', `stacks depend on each other in a circle: ${id}`);
    visiting.add(id);
    stack.dependencies.forEach(visit);
    ordered.add(stack);
  };
  for (const id of stacks.keys()) visit(id);
  return [...ordered];
}
