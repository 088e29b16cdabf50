import type {
  AttachPolicyRequest,
  DetachPolicyRequest,
  GetEffectivePoliciesRequest,
  GetEffectivePoliciesResponse,
  ListAttachedPoliciesRequest,
  ListAttachedPoliciesResponse,
  ListTargetsForPolicyRequest,
  ListTargetsForPolicyResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import { changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { readTarget } from '../registry/policy-target.ts';
import { checkPageSize, requireName } from '../registry/validation.ts';

export function policyAttachmentOperations(service: IotService): Operation[] {
  const { policies, state } = service.registry;
  const targetOf = (input: { target: string | undefined }) => input.target ?? '*';
  const policyArn = (policyName: string | undefined) => resource(service, 'policy', policyName);
  return [
    changing<AttachPolicyRequest, object>(service, 'AttachPolicy', targetOf, (input) => {
      policies.attach(input.policyName, input.target);
      return {};
    }),
    changing<DetachPolicyRequest, object>(service, 'DetachPolicy', targetOf, (input) => {
      policies.detach(input.policyName, input.target);
      return {};
    }),
    reading<ListAttachedPoliciesRequest, ListAttachedPoliciesResponse>('ListAttachedPolicies', targetOf, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const names = policies.attachedTo(input.target, input.recursive === true).sort();
      const page = pageOf(names, { token: input.marker, size: input.pageSize });
      return {
        policies: page.keys.map((policyName) => ({ policyName, policyArn: policyArn(policyName) })),
        nextMarker: page.nextToken,
      };
    }),
    reading<ListTargetsForPolicyRequest, ListTargetsForPolicyResponse>(
      'ListTargetsForPolicy',
      (input) => policyArn(input.policyName),
      (input) => {
        checkPageSize('pageSize', input.pageSize);
        const policy = policies.get(input.policyName);
        const targets = [...state.policyTargets.rightsOf(policy.name).keys()].sort();
        const page = pageOf(targets, { token: input.marker, size: input.pageSize });
        return { targets: [...page.keys], nextMarker: page.nextToken };
      },
    ),
    reading<GetEffectivePoliciesRequest, GetEffectivePoliciesResponse>(
      'GetEffectivePolicies',
      (input) => input.principal ?? '*',
      (input) => {
        if (input.cognitoIdentityPoolId !== undefined) throw new NotImplementedError('policies of Cognito identities');
        if (input.principal === undefined) throw invalidRequest('GetEffectivePolicies needs a principal');
        const names = effectiveNames(service, input.principal, input.thingName);
        return {
          effectivePolicies: names.map((policyName) => ({
            policyName,
            policyArn: policyArn(policyName),
            policyDocument: policies.getVersion(policyName, policies.get(policyName).defaultVersionId).document,
          })),
        };
      },
    ),
  ];
}

/**
 * Policies of a certificate "when it connects": its own, and those of the groups of its thing, which is the one that is
 * named or the one that it is exclusively attached to. Policies of a thing group: its own and its parents'.
 */
function effectiveNames(service: IotService, principal: string, thingName: string | undefined): readonly string[] {
  const { policies, state, things } = service.registry;
  const target = readTarget(state, principal);
  if (thingName !== undefined) {
    requireName('thingName', thingName);
    things.get(thingName);
    const belongs =
      target.type === 'cert'
        ? state.attachments.has(thingName, target.name)
        : state.memberships.has(thingName, target.name);
    if (!belongs) throw invalidRequest(`The principal is not attached to thing ${thingName}`);
  }
  if (target.type === 'thinggroup') return policies.attachedTo(principal, true);
  const thing = service.effectivePolicies.associatedThing(target.name, thingName ?? '');
  return service.effectivePolicies.namesFor(target.name, thing?.name);
}
