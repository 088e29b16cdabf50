import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { claimCredentialsSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { errorName } from '../shared/errors.ts';
import type { ClaimPorts } from './manage-claim.ts';

const keptClaimSchema = claimCredentialsSchema.extend({ policyName: z.string(), generation: z.string() });

/** The secret side of the ports, on Secrets Manager. */
export function claimVault(secrets: SecretsManagerClient): Pick<ClaimPorts, 'findClaim' | 'keepClaim'> {
  return {
    async findClaim(secretId, version) {
      try {
        const { SecretString: text } = await secrets.send(
          new GetSecretValueCommand({
            SecretId: secretId,
            ...(version === 'previous' ? { VersionStage: 'AWSPREVIOUS' } : { VersionId: version.id }),
          }),
        );
        return text === undefined ? undefined : keptClaimSchema.parse(JSON.parse(text));
      } catch (error) {
        if (errorName(error) === 'ResourceNotFoundException') return undefined;
        throw error;
      }
    },
    async keepClaim(secretId, versionId, claim) {
      await secrets.send(
        new PutSecretValueCommand({
          SecretId: secretId,
          ClientRequestToken: versionId,
          SecretString: JSON.stringify(claim),
        }),
      );
    },
  };
}
