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
import { readPrincipal } from '../registry/policy-target.ts';
import { checkPageSize, requireName } from '../registry/validation.ts';

export function policyAttachmentOperations(service: IotService): Operation[] {
  const { policies, things, state } = service.registry;
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
        const certificateId = readPrincipal(service.registry.state, input.principal);
        if (input.thingName !== undefined) {
          requireName('thingName', input.thingName);
          things.get(input.thingName);
          if (!state.attachments.has(input.thingName, certificateId)) {
            throw invalidRequest(`The principal is not attached to thing ${input.thingName}`);
          }
        }
        const names = service.effectivePolicies.namesFor(certificateId, input.thingName);
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
