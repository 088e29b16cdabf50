import { existsSync, readFileSync } from 'node:fs';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type ClaimCredentials, claimCredentialsSchema } from '@fleetwright/contracts';
import { Failure, messageOf } from './failure.ts';
import type { AwsClientSettings } from './running-cloud.ts';

/** Fetches the claim certificate and key from Secrets Manager. `secret` is a name or ARN. @throws Failure */
export async function fetchClaim(settings: AwsClientSettings, secret: string): Promise<ClaimCredentials> {
  const client = new SecretsManagerClient(settings);
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: secret }));
    return parseClaim(SecretString ?? '', `the secret ${secret}`);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`cannot read the claim secret ${secret}: ${messageOf(error)}`, 1, { cause: error });
  } finally {
    client.destroy();
  }
}

/** Reads a claim file: the secret's JSON. @throws Failure naming the file */
export function readClaimFile(file: string): ClaimCredentials {
  if (!existsSync(file)) throw new Failure(`the claim file ${file} does not exist`);
  return parseClaim(readFileSync(file, 'utf8'), file);
}

function parseClaim(text: string, place: string): ClaimCredentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The text may hold the key: it must not come into the message.
    throw new Failure(`${place} is not JSON. It must hold what the claim secret holds.`);
  }
  const result = claimCredentialsSchema.safeParse(value);
  if (result.success) return result.data;
  throw new Failure(
    `${place}: ${result.error.issues.map((issue) => `${issue.path.join('.')} is missing or wrong`).join('; ')}`,
  );
}
