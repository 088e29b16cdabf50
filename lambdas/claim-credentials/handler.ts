import { setTimeout as pause } from 'node:timers/promises';
import { IoTClient } from '@aws-sdk/client-iot';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { serveCustomResource } from '../shared/custom-resource/serve-custom-resource.ts';
import { observed } from '../shared/observability.ts';
import { claimRegistry } from './claim-registry.ts';
import { claimVault } from './claim-vault.ts';
import { type ClaimPorts, manageClaim, NOTHING_CREATED } from './manage-claim.ts';
import { type ClaimRequest, requestSchema } from './schema.ts';

const ports: ClaimPorts = { ...claimRegistry(new IoTClient({}), pause), ...claimVault(new SecretsManagerClient({})) };

export const handler = observed<unknown, void>((event, context) =>
  serveCustomResource<ClaimRequest>(event, context, {
    schema: requestSchema,
    nothingCreated: NOTHING_CREATED,
    async handle(request) {
      const { physicalResourceId, certificateArn } = await manageClaim(request, ports);
      const data = certificateArn === undefined ? undefined : { CertificateArn: certificateArn };
      return { physicalResourceId, data: { CertificateId: physicalResourceId, ...data } };
    },
  }),
);
