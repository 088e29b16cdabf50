import { join } from 'node:path';
import * as schemas from '@aws-sdk/client-iot';
import type { CloudContext, PluginFactory, ServicePlugin } from '../../core/plugin.ts';
import { CertificateAuthority } from './certificate-authority.ts';
import { CredentialsProvider } from './credentials-provider.ts';
import { CustomIdentities } from './custom-authentication/custom-identities.ts';
import { IdentityChanges } from './identity-changes.ts';
import { IOT_PARTS } from './iot-parts.ts';
import type { IotService } from './iot-service.ts';
import { authorizerOperations } from './operations/authorizer-operations.ts';
import { billingGroupOperations } from './operations/billing-group-operations.ts';
import { caCertificateOperations } from './operations/ca-certificate-operations.ts';
import { certificateOperations } from './operations/certificate-operations.ts';
import { createProvisioningClaim } from './operations/create-provisioning-claim.ts';
import { describeEndpoint } from './operations/describe-endpoint.ts';
import { domainConfigurationOperations } from './operations/domain-configuration-operations.ts';
import { policyAttachmentOperations } from './operations/policy-attachment-operations.ts';
import { policyOperations } from './operations/policy-operations.ts';
import { principalPolicyOperations } from './operations/principal-policy-operations.ts';
import { provisioningTemplateOperations } from './operations/provisioning-template-operations.ts';
import { registerThingOperation } from './operations/register-thing.ts';
import { roleAliasOperations } from './operations/role-alias-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { testAuthorization } from './operations/test-authorization.ts';
import { testInvokeAuthorizer } from './operations/test-invoke-authorizer.ts';
import { thingGroupMemberOperations } from './operations/thing-group-member-operations.ts';
import { thingGroupOperations } from './operations/thing-group-operations.ts';
import { thingOperations } from './operations/thing-operations.ts';
import { thingPrincipalOperations } from './operations/thing-principal-operations.ts';
import { thingTypeOperations } from './operations/thing-type-operations.ts';
import { AwsIdentities } from './policy-evaluation/aws-identities.ts';
import { CertificateIdentities } from './policy-evaluation/certificate-identities.ts';
import { PolicyDirectory } from './policy-evaluation/device-directory.ts';
import { EffectivePolicies } from './policy-evaluation/effective-policies.ts';
import { JustInTimeRegistration } from './provisioning/just-in-time.ts';
import { OwnershipTokens } from './provisioning/ownership-tokens.ts';
import { provisioningTopics } from './provisioning/provisioning-topics.ts';
import { TemporaryClaims } from './provisioning/temporary-claims.ts';
import { Registry } from './registry/registry.ts';
import { iotResources } from './resources/iot-resources.ts';

export interface IotOptions {
  /**
   * ms until a change of policies, attachments or certificates reaches live connections. AWS says "a few minutes"
   * (developer guide, `iot-policies`); in practice it is mostly seconds.
   * @default 5000
   */
  readonly identityChangeDelay?: number;
}

const DEFAULT_IDENTITY_CHANGE_DELAY = 5_000;

/** AWS IoT Core's registry, certificates, policies and fleet provisioning. Provides the port `devices`. */
export function iotPlugin(options: IotOptions = {}): PluginFactory {
  return (context) => createPlugin(context, options);
}

export const createIotPlugin: PluginFactory = iotPlugin();

function createPlugin(context: CloudContext, options: IotOptions): ServicePlugin {
  const { account, clock, entropy, meter, ports, store } = context;
  const changes = new IdentityChanges(clock, options.identityChangeDelay ?? DEFAULT_IDENTITY_CHANGE_DELAY);
  const registry = new Registry({ account, clock, entropy, store, changes });
  const service: IotService = {
    context,
    registry,
    authority: new CertificateAuthority(join(context.dataDirectory, 'iot'), clock, entropy),
    effectivePolicies: new EffectivePolicies(account, registry.state),
    ownershipTokens: new OwnershipTokens(registry),
    temporaryClaims: new TemporaryClaims(registry),
  };
  const custom = new CustomIdentities(context, registry);
  ports.provide(
    'devices',
    new PolicyDirectory({
      meter,
      changes,
      certificates: new CertificateIdentities({ account, clock, changes }, registry.state, service.effectivePolicies),
      aws: new AwsIdentities(account, ports),
      custom,
      domains: registry.domainConfigurations,
      justInTime: new JustInTimeRegistration(service),
    }),
  );
  ports.provide('deviceCredentials', new CredentialsProvider(service));
  const parts = IOT_PARTS.map((create) => create(service));
  return {
    name: 'iot',
    apis: [
      {
        service: 'iot',
        // Credential scopes of AWS IoT's control plane (AWS General Reference, "AWS IoT Core endpoints and quotas").
        signingName: 'iot',
        protocol: 'restJson1',
        schemas,
        operations: [
          ...thingOperations(service),
          ...thingTypeOperations(service),
          ...thingGroupOperations(service),
          ...thingGroupMemberOperations(service),
          ...thingPrincipalOperations(service),
          ...authorizerOperations(service),
          testInvokeAuthorizer(service),
          ...caCertificateOperations(service),
          ...certificateOperations(service),
          ...policyOperations(service),
          ...policyAttachmentOperations(service),
          ...provisioningTemplateOperations(service),
          createProvisioningClaim(service),
          describeEndpoint(service),
          ...principalPolicyOperations(service),
          ...billingGroupOperations(service),
          testAuthorization(service),
          registerThingOperation(service),
          ...domainConfigurationOperations(service),
          ...roleAliasOperations(service),
          ...tagOperations(service),
          ...parts.flatMap((part) => part.operations),
        ],
      },
      ...parts.flatMap((part) => part.apis ?? []),
    ],
    resources: [...iotResources(service), ...parts.flatMap((part) => part.resources ?? [])],
    async start() {
      const reservedTopics = ports.get('reservedTopics');
      for (const handler of provisioningTopics(service)) reservedTopics.register(handler);
      service.ownershipTokens.start();
      service.temporaryClaims.start();
      for (const part of parts) await part.start?.();
    },
    async stop() {
      for (const part of [...parts].reverse()) await part.stop?.();
      service.ownershipTokens.stop();
      service.temporaryClaims.stop();
      custom.stop();
      changes.stop();
    },
  };
}
