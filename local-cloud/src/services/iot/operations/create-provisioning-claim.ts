import type { CreateProvisioningClaimRequest, CreateProvisioningClaimResponse } from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { invalidRequest } from '../errors.ts';
import { changing, type IotService, resource } from '../iot-service.ts';
import { CLAIM_LIFETIME } from '../limits.ts';

/** Provisioning by trusted user (developer guide, `provision-wo-cert`): a claim that lives five minutes. */
export function createProvisioningClaim(service: IotService): Operation {
  return changing<CreateProvisioningClaimRequest, CreateProvisioningClaimResponse>(
    service,
    'CreateProvisioningClaim',
    (input) => resource(service, 'provisioningtemplate', input.templateName),
    async (input) => {
      const template = service.registry.templates.get(input.templateName);
      if (template.type !== 'FLEET_PROVISIONING') {
        throw invalidRequest(`Provisioning template ${template.name} is not of type FLEET_PROVISIONING`);
      }
      const issued = await service.authority.issueWithKeys(CLAIM_LIFETIME);
      const expiresAt = service.temporaryClaims.add(issued.certificateId, template.name);
      return {
        certificateId: issued.certificateId,
        certificatePem: issued.certificatePem,
        keyPair: { PublicKey: issued.publicKeyPem, PrivateKey: issued.privateKeyPem },
        expiration: new Date(expiresAt),
      };
    },
  );
}
