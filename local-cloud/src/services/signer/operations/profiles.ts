import type {
  CancelSigningProfileRequest,
  GetSigningProfileRequest,
  GetSigningProfileResponse,
  ListSigningProfilesRequest,
  ListSigningProfilesResponse,
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  PutSigningProfileRequest,
  PutSigningProfileResponse,
  RevokeSigningProfileRequest,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-signer';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import { nameOf } from '../../../core/iam/access-denied.ts';
import type { ConditionKeys } from '../../../core/iam/policy-document.ts';
import { notFound, validation } from '../errors.ts';
import { MAX_REASON } from '../limits.ts';
import { page } from '../page.ts';
import { putProfile } from '../put-profile.ts';
import type { SignerState } from '../signer-state.ts';
import { withTags } from '../tags.ts';
import { profileDetail, profileView } from '../views.ts';

/** AWS Signer API reference; service authorization reference, "Actions defined by AWS Signer". */
export function createProfileOperations(state: SignerState): Operation[] {
  const { account, clock, store } = state.context;
  const permission = (action: string, name: string | undefined, conditions: ConditionKeys = {}) => [
    {
      action: `signer:${action}`,
      resource: state.profileArn(name ?? ''),
      conditions: { ...resourceTags(state.findProfile(name ?? '')?.tags), ...conditions },
    },
  ];
  const permissionByArn = (action: string, resourceArn: string | undefined, conditions: ConditionKeys = {}) =>
    permission(action, resourceArn?.split('/').at(-1), conditions);

  const put: Operation<PutSigningProfileRequest, PutSigningProfileResponse> = {
    name: 'PutSigningProfile',
    authorize: (input) => [{ action: 'signer:PutSigningProfile', resource: '*', conditions: requestTags(input.tags) }],
    async handle(input) {
      const profile = putProfile(state, input);
      await store.durable();
      return {
        arn: profile.arn,
        profileVersion: profile.version,
        profileVersionArn: `${profile.arn}/${profile.version}`,
      };
    },
  };

  const get: Operation<GetSigningProfileRequest, GetSigningProfileResponse> = {
    name: 'GetSigningProfile',
    authorize: (input) => permission('GetSigningProfile', input.profileName),
    handle(input) {
      if (input.profileOwner !== undefined && input.profileOwner !== account.accountId) {
        throw new AwsError(
          'AccessDeniedException',
          `No signing profile of account ${input.profileOwner} is shared.`,
          403,
        );
      }
      return profileDetail(state.requireProfile(input.profileName));
    },
  };

  const list: Operation<ListSigningProfilesRequest, ListSigningProfilesResponse> = {
    name: 'ListSigningProfiles',
    authorize: () => [{ action: 'signer:ListSigningProfiles', resource: '*' }],
    handle(input) {
      const found = state
        .profiles()
        .filter(
          (profile) =>
            (input.includeCanceled === true || profile.status !== 'Canceled' || input.statuses?.includes('Canceled')) &&
            (input.platformId === undefined || profile.platformId === input.platformId) &&
            (input.statuses === undefined || input.statuses.includes(profile.status)),
        );
      const { items, token } = page(found, ({ name }) => name, input);
      return { profiles: items.map(profileView), ...token };
    },
  };

  const cancel: Operation<CancelSigningProfileRequest, object> = {
    name: 'CancelSigningProfile',
    authorize: (input) => permission('CancelSigningProfile', input.profileName),
    async handle(input) {
      const profile = state.requireProfile(input.profileName);
      if (profile.status === 'Revoked') throw validation(`Signing profile ${profile.name} is revoked.`);
      profile.status = 'Canceled';
      state.saveProfile(profile);
      await store.durable();
      return {};
    },
  };

  const revoke: Operation<RevokeSigningProfileRequest, object> = {
    name: 'RevokeSigningProfile',
    authorize: (input) =>
      permission('RevokeSigningProfile', input.profileName, { 'signer:ProfileVersion': input.profileVersion }),
    async handle(input, call) {
      new ConstraintViolations()
        .required('profileVersion', input.profileVersion)
        .required('effectiveTime', input.effectiveTime)
        .required('reason', input.reason)
        .length('reason', input.reason, 1, MAX_REASON)
        .throwIfAny();
      const profile = state.requireProfile(input.profileName);
      if (profile.version !== input.profileVersion) {
        throw notFound(`Signing profile ${profile.name} has no version ${input.profileVersion}.`);
      }
      if (profile.status === 'Revoked') throw validation(`Signing profile ${profile.name} is revoked already.`);
      const now = clock.now();
      const effectiveFrom = (input.effectiveTime as Date).getTime();
      if (effectiveFrom > now) throw validation('The effective time of a revocation cannot be in the future.');
      profile.status = 'Revoked';
      profile.revocation = { effectiveFrom, at: now, by: nameOf(call.principal) };
      state.saveProfile(profile);
      await store.durable();
      return {};
    },
  };

  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input) => permissionByArn('TagResource', input.resourceArn, requestTags(input.tags)),
    async handle(input) {
      const profile = state.requireProfileByArn(input.resourceArn);
      profile.tags = withTags(profile.tags, input.tags);
      state.saveProfile(profile);
      await store.durable();
      return {};
    },
  };

  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input) => permissionByArn('UntagResource', input.resourceArn, { 'aws:TagKeys': input.tagKeys ?? [] }),
    async handle(input) {
      const profile = state.requireProfileByArn(input.resourceArn);
      profile.tags = Object.fromEntries(
        Object.entries(profile.tags).filter(([key]) => input.tagKeys?.includes(key) !== true),
      );
      state.saveProfile(profile);
      await store.durable();
      return {};
    },
  };

  const listTags: Operation<ListTagsForResourceRequest, ListTagsForResourceResponse> = {
    name: 'ListTagsForResource',
    authorize: (input) => permissionByArn('ListTagsForResource', input.resourceArn),
    handle: (input) => ({ tags: { ...state.requireProfileByArn(input.resourceArn).tags } }),
  };

  return [put, get, list, cancel, revoke, tag, untag, listTags];
}

function resourceTags(tags: Readonly<Record<string, string>> = {}): ConditionKeys {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function requestTags(tags: Readonly<Record<string, string>> | undefined): ConditionKeys {
  if (tags === undefined) return {};
  return {
    'aws:TagKeys': Object.keys(tags),
    ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
  };
}
