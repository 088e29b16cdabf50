import {
  GetSecretValueCommand,
  SecretsManagerClient,
  type SecretsManagerClientConfig,
} from '@aws-sdk/client-secrets-manager';
import type { SecretSource } from './secret-operations.ts';

/** AWS Secrets Manager itself: nothing of a secret is kept on the core. */
export function secretsManager(settings: SecretsManagerClientConfig): SecretSource & { close(): void } {
  const client = new SecretsManagerClient(settings);
  return {
    async get({ secretId, versionId, versionStage }) {
      try {
        const found = await client.send(
          new GetSecretValueCommand({ SecretId: secretId, VersionId: versionId, VersionStage: versionStage }),
        );
        return {
          arn: found.ARN ?? secretId,
          versionId: found.VersionId ?? '',
          versionStages: found.VersionStages ?? [],
          text: found.SecretString,
          binary: found.SecretBinary,
        };
      } catch (error) {
        if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    close: () => client.destroy(),
  };
}
