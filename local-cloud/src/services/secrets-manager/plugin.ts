import * as schemas from '@aws-sdk/client-secrets-manager';
import type { Timer } from '../../core/clock.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { DELETION_SWEEP_MS } from './limits.ts';
import { createPolicyAndTagOperations } from './operations/policies-and-tags.ts';
import { createLifecycleOperations } from './operations/secret-lifecycle.ts';
import { createListingOperations } from './operations/secret-listings.ts';
import { createValueOperations } from './operations/secret-values.ts';
import { createResourcePolicyProvider } from './resources/resource-policy.ts';
import { createSecretProvider } from './resources/secret.ts';
import { Secrets } from './secrets.ts';

/** AWS Secrets Manager without rotation and replication. Values are encrypted at rest. */
export const createSecretsManagerPlugin: PluginFactory = (context) => {
  const secrets = new Secrets(context);
  let sweep: Timer | undefined;
  return {
    name: 'secrets-manager',
    apis: [
      {
        service: 'secrets-manager',
        signingName: 'secretsmanager',
        protocol: 'awsJson1_1',
        schemas,
        operations: [
          ...createLifecycleOperations(secrets),
          ...createValueOperations(secrets),
          ...createListingOperations(secrets),
          ...createPolicyAndTagOperations(secrets),
        ],
      },
    ],
    resources: [createSecretProvider(secrets), createResourcePolicyProvider(secrets)],
    async start() {
      secrets.removeExpired();
      sweep = context.clock.every(DELETION_SWEEP_MS, () => secrets.removeExpired());
    },
    async stop() {
      sweep?.cancel();
    },
  };
};
