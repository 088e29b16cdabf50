import type {
  CreatePolicyRequest,
  CreatePolicyResponse,
  CreatePolicyVersionRequest,
  CreatePolicyVersionResponse,
  DeletePolicyRequest,
  DeletePolicyVersionRequest,
  GetPolicyRequest,
  GetPolicyResponse,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
  ListPoliciesRequest,
  ListPoliciesResponse,
  ListPolicyVersionsRequest,
  ListPolicyVersionsResponse,
  SetDefaultPolicyVersionRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { nameInCreationOrder } from '../registry/table.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';

export function policyOperations(service: IotService): Operation[] {
  const { policies, state, tags } = service.registry;
  const policyArn = (input: { policyName: string | undefined }) => resource(service, 'policy', input.policyName);
  return [
    changing<CreatePolicyRequest, CreatePolicyResponse>(service, 'CreatePolicy', policyArn, (input) => {
      readTags(input.tags);
      const policy = policies.create(input.policyName, input.policyDocument);
      const arn = state.arn('policy', policy.name);
      tags.add(arn, input.tags);
      return {
        policyName: policy.name,
        policyArn: arn,
        policyDocument: input.policyDocument,
        policyVersionId: policy.defaultVersionId,
      };
    }),
    reading<GetPolicyRequest, GetPolicyResponse>('GetPolicy', policyArn, (input) => {
      const policy = policies.get(input.policyName);
      return {
        policyName: policy.name,
        policyArn: state.arn('policy', policy.name),
        policyDocument: policies.getVersion(policy.name, policy.defaultVersionId).document,
        defaultVersionId: policy.defaultVersionId,
        creationDate: new Date(policy.creationDate),
        lastModifiedDate: new Date(policy.lastModifiedDate),
        generationId: policy.generationId,
      };
    }),
    changing<DeletePolicyRequest, object>(service, 'DeletePolicy', policyArn, (input) => {
      policies.delete(input.policyName);
      return {};
    }),
    reading<ListPoliciesRequest, ListPoliciesResponse>('ListPolicies', anywhere, (input) => {
      checkPageSize('pageSize', input.pageSize);
      const page = pageOf(state.policies.sortedKeys(), {
        token: input.marker,
        size: input.pageSize,
        descending: input.ascendingOrder !== true,
      });
      const names = page.keys.map(nameInCreationOrder);
      return {
        policies: names.map((policyName) => ({ policyName, policyArn: state.arn('policy', policyName) })),
        nextMarker: page.nextToken,
      };
    }),
    changing<CreatePolicyVersionRequest, CreatePolicyVersionResponse>(
      service,
      'CreatePolicyVersion',
      policyArn,
      (input) => {
        const version = policies.createVersion(input.policyName, input.policyDocument, input.setAsDefault === true);
        return {
          policyArn: policyArn(input),
          policyDocument: version.document,
          policyVersionId: version.id,
          isDefaultVersion: input.setAsDefault === true,
        };
      },
    ),
    reading<GetPolicyVersionRequest, GetPolicyVersionResponse>('GetPolicyVersion', policyArn, (input) => {
      const policy = policies.get(input.policyName);
      const version = policies.getVersion(input.policyName, input.policyVersionId);
      return {
        policyName: policy.name,
        policyArn: state.arn('policy', policy.name),
        policyDocument: version.document,
        policyVersionId: version.id,
        isDefaultVersion: version.id === policy.defaultVersionId,
        creationDate: new Date(version.creationDate),
        lastModifiedDate: new Date(version.creationDate),
        generationId: policy.generationId,
      };
    }),
    reading<ListPolicyVersionsRequest, ListPolicyVersionsResponse>('ListPolicyVersions', policyArn, (input) => {
      const policy = policies.get(input.policyName);
      return {
        policyVersions: policy.versions.map(({ id, creationDate }) => ({
          versionId: id,
          isDefaultVersion: id === policy.defaultVersionId,
          createDate: new Date(creationDate),
        })),
      };
    }),
    changing<SetDefaultPolicyVersionRequest, object>(service, 'SetDefaultPolicyVersion', policyArn, (input) => {
      policies.setDefaultVersion(input.policyName, input.policyVersionId);
      return {};
    }),
    changing<DeletePolicyVersionRequest, object>(service, 'DeletePolicyVersion', policyArn, (input) => {
      policies.deleteVersion(input.policyName, input.policyVersionId);
      return {};
    }),
  ];
}
