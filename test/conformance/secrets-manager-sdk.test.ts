import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  InvalidRequestException,
  PutSecretValueCommand,
  ResourceNotFoundException,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { createSecretsManagerPlugin } from '../../local-cloud/src/services/secrets-manager/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

/** The real client against the real front door. Expected values: Secrets Manager API reference. */

let https: HttpsCloud;
let client: SecretsManagerClient;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createSecretsManagerPlugin] });
  client = new SecretsManagerClient(https.client());
});
afterAll(() => https.close());

test('text and bytes come back, with versions by the token that the client makes', async () => {
  const created = await client.send(new CreateSecretCommand({ Name: 'claim', SecretString: '{"key":"…"}' }));
  expect(created.VersionId).toMatch(/^[0-9a-f-]{36}$/);
  const SecretBinary = new Uint8Array([0, 1, 255]);
  await client.send(new PutSecretValueCommand({ SecretId: created.ARN, SecretBinary }));
  const current = await client.send(new GetSecretValueCommand({ SecretId: 'claim' }));
  expect(new Uint8Array(current.SecretBinary as Uint8Array)).toEqual(SecretBinary);
  expect(current.CreatedDate).toBeInstanceOf(Date);
  const previous = await client.send(new GetSecretValueCommand({ SecretId: 'claim', VersionStage: 'AWSPREVIOUS' }));
  expect(previous).toMatchObject({ SecretString: '{"key":"…"}', VersionId: created.VersionId });
});

test('errors are those that the client knows', async () => {
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'absent' }))).rejects.toBeInstanceOf(
    ResourceNotFoundException,
  );
  await client.send(new CreateSecretCommand({ Name: 'gone', SecretString: 'x' }));
  await client.send(new DeleteSecretCommand({ SecretId: 'gone' }));
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'gone' }))).rejects.toBeInstanceOf(
    InvalidRequestException,
  );
  await expect(client.send(new RotateSecretCommand({ SecretId: 'claim' }))).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
  });
});
