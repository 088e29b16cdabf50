import type { GetRandomPasswordRequest, Tag } from '@aws-sdk/client-secrets-manager';
import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { createSecret } from '../create-secret.ts';
import { MAX_NAME } from '../limits.ts';
import { randomPassword } from '../random-password.ts';
import { checkDescription, checkKmsKey, checkTags, readValue } from '../secret-input.ts';
import type { SecretRecord } from '../secret-record.ts';
import type { Secrets } from '../secrets.ts';
import { addVersion } from '../versions.ts';

interface GenerateSecretString extends GetRandomPasswordRequest {
  SecretStringTemplate?: string;
  GenerateStringKey?: string;
}

interface SecretProperties {
  Name?: string;
  Description?: string;
  KmsKeyId?: string;
  SecretString?: string;
  GenerateSecretString?: GenerateSecretString;
  Tags?: Tag[];
}

/** CloudFormation template reference, "AWS::SecretsManager::Secret". */
export function createSecretProvider(secrets: Secrets): ResourceProvider<SecretProperties> {
  const { store } = secrets.context;
  return {
    type: 'AWS::SecretsManager::Secret',
    replaceOn: ['Name'],
    properties: ['Name', 'Description', 'KmsKeyId', 'SecretString', 'GenerateSecretString', 'Tags'],
    async create(properties, scope) {
      const name = properties.Name ?? scope.generateName(MAX_NAME);
      const { secret } = createSecret(secrets, secrets.newArn(name), {
        Name: name,
        Description: properties.Description,
        KmsKeyId: properties.KmsKeyId,
        SecretString: initialValue(secrets, properties),
        Tags: properties.Tags,
      });
      await store.durable();
      return stateOf(secret);
    },
    async update(properties, previous, state) {
      const secret = secrets.requireLive(state.physicalId);
      checkDescription(properties.Description);
      checkKmsKey(properties.KmsKeyId);
      checkTags(properties.Tags ?? []);
      // "When you make a change to this property, a new secret version is created."
      if (differs(properties.SecretString, previous.SecretString) || generatedAnew(properties, previous)) {
        const value = readValue({ SecretString: initialValue(secrets, properties) });
        if (value !== undefined) addVersion(secrets, secret, value);
      }
      secret.description = properties.Description;
      secret.tags = [...(properties.Tags ?? [])];
      secrets.save(secret);
      await store.durable();
      return stateOf(secret);
    },
    /** CloudFormation deletes without a recovery window. */
    async delete(state) {
      const secret = secrets.find(state.physicalId);
      if (secret !== undefined) secrets.remove(secret);
      await store.durable();
    },
  };
}

/** `Ref` and `Fn::GetAtt Id` answer the ARN. */
function stateOf(secret: SecretRecord): ResourceState {
  return { physicalId: secret.arn, attributes: { Id: secret.arn } };
}

function initialValue(secrets: Secrets, properties: SecretProperties): string | undefined {
  const { SecretString: given, GenerateSecretString: generate } = properties;
  if (generate === undefined) return given;
  if (given !== undefined) {
    throw new AwsError('InvalidRequestException', 'You cannot specify both SecretString and GenerateSecretString.');
  }
  const { SecretStringTemplate: template, GenerateStringKey: key, ...options } = generate;
  const password = randomPassword(secrets.context.entropy, typed(options));
  if (template === undefined && key === undefined) return password;
  if (template === undefined || key === undefined) {
    throw new AwsError(
      'InvalidRequestException',
      'SecretStringTemplate and GenerateStringKey must be specified together.',
    );
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(template);
  } catch (cause) {
    throw new AwsError('InvalidRequestException', 'SecretStringTemplate must be valid JSON.', 400, { cause });
  }
  return JSON.stringify({ ...(parsed as object), [key]: password });
}

/** Templates may carry numbers and booleans as text. */
function typed(options: GetRandomPasswordRequest): GetRandomPasswordRequest {
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => {
      if (name === 'ExcludeCharacters') return [name, value];
      if (name === 'PasswordLength') return [name, Number(value)];
      return [name, value === true || value === 'true'];
    }),
  );
}

function generatedAnew(properties: SecretProperties, previous: SecretProperties): boolean {
  return (
    properties.GenerateSecretString !== undefined &&
    differs(properties.GenerateSecretString, previous.GenerateSecretString)
  );
}

function differs(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
