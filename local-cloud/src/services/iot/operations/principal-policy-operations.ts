import type {
  AttachPrincipalPolicyRequest,
  DetachPrincipalPolicyRequest,
  ListPolicyPrincipalsRequest,
  ListPolicyPrincipalsResponse,
  ListPrincipalPoliciesRequest,
  ListPrincipalPoliciesResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { readPrincipal } from '../registry/policy-target.ts';
import { checkPageSize } from '../registry/validation.ts';

/**
 * The operations that AttachPolicy, DetachPolicy, ListAttachedPolicies and ListTargetsForPolicy have replaced, for
 * principals only: a thing group "does not represent a cert".
 */
export function principalPolicyOperations(service: IotService): Operation[] {
  const { policies, state } = service.registry;
  const principalOf = (input: { principal: string | undefined }) => input.principal ?? '*';
  return [
    changing<AttachPrincipalPolicyRequest, object>(service, 'AttachPrincipalPolicy', principalOf, (input) => {
      readPrincipal(state, input.principal);
      policies.attach(input.policyName, input.principal);
      return {};
    }),
    changing<DetachPrincipalPolicyRequest, object>(service, 'DetachPrincipalPolicy', principalOf, (input) => {
      readPrincipal(state, input.principal);
      policies.detach(input.policyName, input.principal);
      return {};
    }),
    reading<ListPrincipalPoliciesRequest, ListPrincipalPoliciesResponse>('ListPrincipalPolicies', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      readPrincipal(state, input.principal);
      const page = pageOf(policies.attachedTo(input.principal, false).sort(), {
        token: input.marker,
        size: input.pageSize,
        descending: input.ascendingOrder !== true,
      });
      return {
        policies: page.keys.map((policyName) => ({ policyName, policyArn: resource(service, 'policy', policyName) })),
        nextMarker: page.nextToken,
      };
    }),
    reading<ListPolicyPrincipalsRequest, ListPolicyPrincipalsResponse>(
      'ListPolicyPrincipals',
      (input) => resource(service, 'policy', input.policyName),
      (input) => {
        checkPageSize('pageSize', input.pageSize);
        const targets = [...state.policyTargets.rightsOf(policies.get(input.policyName).name).keys()];
        const page = pageOf(targets.filter((arn) => arn.includes(':cert/')).sort(), {
          token: input.marker,
          size: input.pageSize,
          descending: input.ascendingOrder !== true,
        });
        return { principals: [...page.keys], nextMarker: page.nextToken };
      },
    ),
  ];
}
