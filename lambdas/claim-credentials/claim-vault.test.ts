import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { claimCredentialsSchema } from '@fleetwright/contracts';
import { claimVault } from './claim-vault.ts';

const claim = {
  certificatePem: '-----BEGIN CERTIFICATE-----',
  privateKeyPem: '-----BEGIN PRIVATE KEY-----',
  certificateId: 'a'.repeat(64),
  provisioningTemplate: 'template',
  policyName: 'claim',
  generation: '1',
};

function vault(answer: unknown) {
  const inputs: Record<string, unknown>[] = [];
  const secrets = {
    async send({ input }: { input: Record<string, unknown> }) {
      inputs.push(input);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  } as unknown as SecretsManagerClient;
  return { inputs, ...claimVault(secrets) };
}

test('what is kept is what the device agent reads', async () => {
  const { keepClaim, inputs } = vault({});
  await keepClaim('secret', 'v'.repeat(64), claim);
  expect(inputs).toMatchObject([{ SecretId: 'secret', ClientRequestToken: 'v'.repeat(64) }]);
  expect(claimCredentialsSchema.safeParse(JSON.parse(String(inputs[0]?.SecretString))).success).toBe(true);
});

test('a version is found by its id, or as the one before the current', async () => {
  const { findClaim, inputs } = vault({ SecretString: JSON.stringify(claim) });
  expect(await findClaim('secret', { id: 'x' })).toEqual(claim);
  expect(await findClaim('secret', 'previous')).toEqual(claim);
  expect(inputs).toEqual([
    { SecretId: 'secret', VersionId: 'x' },
    { SecretId: 'secret', VersionStage: 'AWSPREVIOUS' },
  ]);
});

test('a version that is not there is undefined, and any other failure is one', async () => {
  const missing = Object.assign(new Error(), { name: 'ResourceNotFoundException' });
  expect(await vault(missing).findClaim('secret', 'previous')).toBeUndefined();
  const denied = Object.assign(new Error('denied'), { name: 'AccessDeniedException' });
  await expect(vault(denied).findClaim('secret', 'previous')).rejects.toThrow('denied');
});
