import type {
  GetKeyPolicyRequest,
  GetKeyPolicyResponse,
  ListKeyPoliciesRequest,
  ListKeyPoliciesResponse,
  ListResourceTagsRequest,
  ListResourceTagsResponse,
  PutKeyPolicyRequest,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { notFound, validation } from '../errors.ts';
import { checkLockout, readKeyPolicy } from '../key-policy.ts';
import type { Keys } from '../keys.ts';
import { DEFAULT_LISTED, MAX_LISTED, MAX_LISTED_TAGS } from '../limits.ts';
import { pageOf } from '../page.ts';
import { keyPermission, tagConditions } from '../permissions.ts';
import { withTags } from '../tags.ts';

/** "The only valid value is `default`." */
const POLICY_NAME = 'default';

export function createPolicyAndTagOperations(keys: Keys): Operation[] {
  const { store } = keys.context;

  const getPolicy: Operation<GetKeyPolicyRequest, GetKeyPolicyResponse> = {
    name: 'GetKeyPolicy',
    authorize: (input) => [keyPermission(keys, 'GetKeyPolicy', input.KeyId)],
    handle(input) {
      const key = keys.require(input.KeyId ?? '');
      if ((input.PolicyName ?? POLICY_NAME) !== POLICY_NAME) throw notFound('No such policy exists');
      return { Policy: key.policyText, PolicyName: POLICY_NAME };
    },
  };

  const putPolicy: Operation<PutKeyPolicyRequest, object> = {
    name: 'PutKeyPolicy',
    authorize: (input) => [
      keyPermission(keys, 'PutKeyPolicy', input.KeyId, {
        'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck === true),
      }),
    ],
    async handle(input, call) {
      const key = keys.require(input.KeyId ?? '');
      if ((input.PolicyName ?? POLICY_NAME) !== POLICY_NAME)
        throw validation(`Invalid policy name '${input.PolicyName}'`);
      const policy = readKeyPolicy(input.Policy ?? '');
      if (input.BypassPolicyLockoutSafetyCheck !== true) checkLockout(keys, call, key.arn, policy);
      Object.assign(key, policy);
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const listPolicies: Operation<ListKeyPoliciesRequest, ListKeyPoliciesResponse> = {
    name: 'ListKeyPolicies',
    authorize: (input) => [keyPermission(keys, 'ListKeyPolicies', input.KeyId)],
    handle(input) {
      keys.require(input.KeyId ?? '');
      const limits = { most: MAX_LISTED, usual: DEFAULT_LISTED };
      const { items, marker } = pageOf([POLICY_NAME], (name) => name, input, limits);
      return { PolicyNames: items, ...marker };
    },
  };

  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input) => [keyPermission(keys, 'TagResource', input.KeyId, tagConditions(input.Tags ?? []))],
    async handle(input) {
      const key = keys.requireNotPending(input.KeyId ?? '');
      key.tags = withTags(key.tags, input.Tags ?? []);
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input) => [keyPermission(keys, 'UntagResource', input.KeyId, { 'aws:TagKeys': input.TagKeys ?? [] })],
    async handle(input) {
      const key = keys.requireNotPending(input.KeyId ?? '');
      key.tags = key.tags.filter(({ TagKey }) => input.TagKeys?.includes(TagKey) !== true);
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const listTags: Operation<ListResourceTagsRequest, ListResourceTagsResponse> = {
    name: 'ListResourceTags',
    authorize: (input) => [keyPermission(keys, 'ListResourceTags', input.KeyId)],
    handle(input) {
      const key = keys.require(input.KeyId ?? '');
      const limits = { most: MAX_LISTED_TAGS, usual: MAX_LISTED_TAGS };
      const { items, marker } = pageOf(key.tags, ({ TagKey }) => TagKey, input, limits);
      return { Tags: items.map((one) => ({ ...one })), ...marker };
    },
  };

  return [getPolicy, putPolicy, listPolicies, tag, untag, listTags];
}
