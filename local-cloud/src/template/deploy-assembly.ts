import { CloudError } from '../core/errors.ts';
import type { CloudContext } from '../core/plugin.ts';
import { readAssembly } from './assembly.ts';
import { type DeployStep, deployStack } from './deploy-stack.ts';
import { publishAssets } from './publish-assets.ts';
import type { StackRecord } from './stack-record.ts';
import type { StackArtifact } from './template-types.ts';
import type { ProviderLookup } from './validate-stack.ts';

export interface DeployAssemblyOptions {
  readonly context: CloudContext;
  /** Directory of the cloud assembly (`cdk.out`). */
  readonly assembly: string;
  readonly provider: ProviderLookup;
  onStep?(step: DeployStep): void;
}

/** Deploys every stack of an assembly, in order. @throws CloudError */
export async function deployAssembly(options: DeployAssemblyOptions): Promise<StackRecord[]> {
  const { context } = options;
  const artifacts = readAssembly(options.assembly);
  for (const artifact of artifacts) checkEnvironment(artifact, context);
  const fill = (text: string): string => withAccount(text, context);
  const assets = assetPaths(artifacts, fill);
  const assetPath = (bucket: string, key: string): string => {
    const path = assets.get(`${bucket}/${key}`);
    if (path === undefined) throw new CloudError('ASSEMBLY_INVALID', `no asset s3://${bucket}/${key} in the assembly`);
    return path;
  };
  await publishAssets(context, artifacts, fill);
  const records: StackRecord[] = [];
  for (const artifact of artifacts) {
    records.push(
      await deployStack({
        context,
        artifact,
        provider: options.provider,
        assetPath,
        ...(options.onStep !== undefined && { onStep: options.onStep }),
      }),
    );
  }
  return records;
}

function checkEnvironment(artifact: StackArtifact, context: CloudContext): void {
  const { accountId, region } = context.account;
  for (const [name, wanted, own] of [
    ['account', artifact.account, accountId],
    ['region', artifact.region, region],
  ]) {
    if (wanted === undefined || wanted === own) continue;
    throw new CloudError(
      'ASSEMBLY_INVALID',
      `stack ${artifact.stackName} is bound to ${name} ${wanted}, but this local cloud plays ${own}`,
    );
  }
}

/** Bucket names of asset manifests hold `${AWS::AccountId}`-style placeholders (cloud-assembly-schema, asset manifest). */
function withAccount(text: string, { account: { accountId, partition, region } }: CloudContext): string {
  return text
    .replaceAll('${AWS::AccountId}', accountId)
    .replaceAll('${AWS::Region}', region)
    .replaceAll('${AWS::Partition}', partition);
}

function assetPaths(artifacts: readonly StackArtifact[], fill: (text: string) => string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const { assets } of artifacts) {
    for (const asset of assets) {
      for (const { bucketName, objectKey } of asset.destinations) {
        paths.set(`${fill(bucketName)}/${fill(objectKey)}`, asset.path);
      }
    }
  }
  return paths;
}
