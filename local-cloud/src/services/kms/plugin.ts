import * as schemas from '@aws-sdk/client-kms';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { Keys } from './keys.ts';
import { SWEEP_MS } from './limits.ts';
import { createAliasOperations } from './operations/aliases.ts';
import { createDataKeyOperations } from './operations/data-keys.ts';
import { createEncryptionOperations } from './operations/encryption.ts';
import { createLifecycleOperations } from './operations/key-lifecycle.ts';
import { createPolicyAndTagOperations } from './operations/policies-and-tags.ts';
import { createRotationOperations } from './operations/rotation.ts';
import { createSignatureOperations } from './operations/signatures.ts';
import { createAliasProvider } from './resources/alias.ts';
import { createKeyProvider } from './resources/key.ts';

/** AWS KMS without grants, imported key material, custom key stores and multi-Region keys. */
export const createKmsPlugin: PluginFactory = (context) => {
  const keys = new Keys(context);
  let timer: Timer | undefined;
  const sweep = () =>
    keys
      .sweep()
      .catch((error) => context.log('error', 'keys that are due were not swept', { error: messageOf(error) }));
  return {
    name: 'kms',
    apis: [
      {
        service: 'kms',
        signingName: 'kms',
        protocol: 'awsJson1_1',
        schemas,
        operations: [
          ...createLifecycleOperations(keys),
          ...createAliasOperations(keys),
          ...createPolicyAndTagOperations(keys),
          ...createRotationOperations(keys),
          ...createEncryptionOperations(keys),
          ...createDataKeyOperations(keys),
          ...createSignatureOperations(keys),
        ],
      },
    ],
    resources: [createKeyProvider(keys), createAliasProvider(keys)],
    async start() {
      await sweep();
      timer = context.clock.every(SWEEP_MS, () => void sweep());
    },
    async stop() {
      timer?.cancel();
    },
  };
};
