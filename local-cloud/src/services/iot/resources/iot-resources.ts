import type { ResourceProvider } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { policyPrincipalAttachmentResource, thingPrincipalAttachmentResource } from './attachments.ts';
import { authorizerResource } from './authorizer.ts';
import { billingGroupResource } from './billing-group.ts';
import { caCertificateResource } from './ca-certificate.ts';
import { certificateResource } from './certificate.ts';
import { policyResource } from './policy.ts';
import { provisioningTemplateResource } from './provisioning-template.ts';
import { roleAliasResource } from './role-alias.ts';
import { thingResource } from './thing.ts';
import { thingTypeResource } from './thing-type.ts';

/** CloudFormation resource types of the registry (CloudFormation template reference, AWS IoT). */
export function iotResources(service: IotService): ResourceProvider[] {
  return [
    policyResource(service),
    thingResource(service),
    thingTypeResource(service),
    provisioningTemplateResource(service),
    roleAliasResource(service),
    billingGroupResource(service),
    authorizerResource(service),
    caCertificateResource(service),
    certificateResource(service),
    policyPrincipalAttachmentResource(service),
    thingPrincipalAttachmentResource(service),
  ];
}
