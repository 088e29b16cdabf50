import * as z from 'zod';
import { type AccessControlList, IPC_SERVICES } from '../access/access-control.ts';
import { type IpcOperation, IpcServiceError } from '../ipc/operation.ts';
import { readRequest } from '../ipc/read-request.ts';

export interface SecretRequest {
  /** ARN or friendly name */
  readonly secretId: string;
  readonly versionId?: string | undefined;
  readonly versionStage?: string | undefined;
}

export interface Secret {
  readonly arn: string;
  readonly versionId: string;
  readonly versionStages: readonly string[];
  readonly text?: string | undefined;
  readonly binary?: Uint8Array | undefined;
}

/** Where secrets come from. */
export interface SecretSource {
  /** Undefined: there is none. Rejects when it cannot be told. */
  get(request: SecretRequest): Promise<Secret | undefined>;
}

const secretRequest = z.object({
  secretId: z.string().min(1),
  versionId: z.string().min(1).optional(),
  versionStage: z.string().min(1).optional(),
  refresh: z.boolean().optional(),
});

/**
 * Developer guide, "Retrieve secret values". The secret is named by ARN in authorizations, so one that is asked for by its
 * friendly name is looked up first; nothing of it goes out before its ARN is allowed.
 * @param source undefined: this core has no secrets
 */
export function secretOperations(source: SecretSource | undefined, access: AccessControlList): IpcOperation[] {
  return [
    {
      name: 'GetSecretValue',
      async run(request, { componentName }) {
        const { secretId, versionId, versionStage } = readRequest(secretRequest, request);
        if (versionId !== undefined && versionStage !== undefined) {
          throw new IpcServiceError('InvalidArgumentsError', 'versionId and versionStage are not given together');
        }
        if (secretId.startsWith('arn:')) access.demand(componentName, IPC_SERVICES.secret, 'GetSecretValue', secretId);
        const secret = await find(source, { secretId, versionId, versionStage });
        if (secret === undefined) {
          throw new IpcServiceError('ResourceNotFoundError', `Secret ${secretId} not found`, {
            resourceType: 'secret',
            resourceName: secretId,
          });
        }
        access.demand(componentName, IPC_SERVICES.secret, 'GetSecretValue', secret.arn);
        const secretValue =
          secret.text === undefined
            ? { secretBinary: Buffer.from(secret.binary ?? []).toString('base64') }
            : { secretString: secret.text };
        return { secretId: secret.arn, versionId: secret.versionId, versionStage: secret.versionStages, secretValue };
      },
    },
  ];
}

async function find(source: SecretSource | undefined, request: SecretRequest): Promise<Secret | undefined> {
  try {
    return await source?.get(request);
  } catch (error) {
    // The reason may not hold anything of the secret, but is the cloud's own.
    throw new IpcServiceError(
      'ServiceError',
      `the secret cannot be read: ${error instanceof Error ? error.name : 'failure'}`,
    );
  }
}
