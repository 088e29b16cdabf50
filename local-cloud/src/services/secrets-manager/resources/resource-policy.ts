import type { ResourceProvider } from '../../../core/resources.ts';
import { readResourcePolicy } from '../resource-policy.ts';
import type { Secrets } from '../secrets.ts';

interface ResourcePolicyProperties {
  SecretId: string;
  ResourcePolicy: unknown;
  BlockPublicPolicy?: boolean | string;
}

/** CloudFormation template reference, "AWS::SecretsManager::ResourcePolicy": public policies are blocked by default. */
export function createResourcePolicyProvider(secrets: Secrets): ResourceProvider<ResourcePolicyProperties> {
  const { store } = secrets.context;
  const apply = async (properties: ResourcePolicyProperties) => {
    const secret = secrets.requireLive(properties.SecretId);
    secret.policy = readResourcePolicy(
      properties.ResourcePolicy,
      String(properties.BlockPublicPolicy ?? true) === 'true',
    );
    secrets.save(secret);
    await store.durable();
    return { physicalId: secret.arn, attributes: { Id: secret.arn } };
  };
  return {
    type: 'AWS::SecretsManager::ResourcePolicy',
    replaceOn: ['SecretId'],
    properties: ['SecretId', 'ResourcePolicy', 'BlockPublicPolicy'],
    create: apply,
    update: apply,
    async delete(state) {
      const secret = secrets.find(state.physicalId);
      if (secret === undefined) return;
      secret.policy = undefined;
      secrets.save(secret);
      await store.durable();
    },
  };
}
