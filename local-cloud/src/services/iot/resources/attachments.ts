import type { ThingPrincipalType } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../core/resources.ts';
import { invalidRequest } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { readPrincipal } from '../registry/policy-target.ts';
import { durableProvider } from './durable-provider.ts';

interface PolicyPrincipalAttachmentProperties {
  PolicyName: string;
  Principal: string;
}

interface ThingPrincipalAttachmentProperties {
  Principal: string;
  ThingName: string;
  ThingPrincipalType?: ThingPrincipalType;
}

/** Every property means replacement, so there is nothing to update. */
const neverUpdated = async (): Promise<never> => {
  throw new Error('an attachment is always replaced');
};

/** AWS::IoT::PolicyPrincipalAttachment: certificates only; a thing group's ARN "does not represent a cert". */
export function policyPrincipalAttachmentResource(
  service: IotService,
): ResourceProvider<PolicyPrincipalAttachmentProperties> {
  const { policies, state } = service.registry;
  return durableProvider(service, {
    type: 'AWS::IoT::PolicyPrincipalAttachment',
    replaceOn: ['PolicyName', 'Principal'],
    properties: ['PolicyName', 'Principal'],
    async create({ PolicyName: name, Principal: principal }) {
      readPrincipal(state, principal);
      policies.attach(name, principal);
      return { physicalId: `${name}|${principal}`, attributes: {} };
    },
    update: neverUpdated,
    async delete(_state, { PolicyName: name, Principal: principal }) {
      policies.detach(name, principal);
    },
  });
}

/** AWS::IoT::ThingPrincipalAttachment */
export function thingPrincipalAttachmentResource(
  service: IotService,
): ResourceProvider<ThingPrincipalAttachmentProperties> {
  const { thingPrincipals, state } = service.registry;
  return durableProvider(service, {
    type: 'AWS::IoT::ThingPrincipalAttachment',
    replaceOn: ['Principal', 'ThingName', 'ThingPrincipalType'],
    properties: ['Principal', 'ThingName', 'ThingPrincipalType'],
    async create({ Principal: principal, ThingName: thingName, ThingPrincipalType: type }) {
      if (state.attachments.has(thingName, readPrincipal(state, principal))) {
        throw invalidRequest(`${principal} is already attached to thing ${thingName}`);
      }
      thingPrincipals.attach(thingName, principal, type);
      return { physicalId: `${thingName}|${principal}`, attributes: {} };
    },
    update: neverUpdated,
    async delete(_state, { Principal: principal, ThingName: thingName }) {
      thingPrincipals.detach(thingName, principal);
    },
  });
}
