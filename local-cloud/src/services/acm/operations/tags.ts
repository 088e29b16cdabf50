import type {
  AddTagsToCertificateRequest,
  ListTagsForCertificateRequest,
  ListTagsForCertificateResponse,
  RemoveTagsFromCertificateRequest,
} from '@aws-sdk/client-acm';
import type { Operation } from '../../../core/api.ts';
import type { Certificates } from '../certificates.ts';
import { certificatePermission, tagConditions } from '../permissions.ts';
import { withTags } from '../tags.ts';

export function createTagOperations(certificates: Certificates): Operation[] {
  const { store } = certificates.context;

  const add: Operation<AddTagsToCertificateRequest, object> = {
    name: 'AddTagsToCertificate',
    authorize: (input) => [
      certificatePermission(certificates, 'AddTagsToCertificate', input.CertificateArn, tagConditions(input.Tags)),
    ],
    async handle(input) {
      const record = certificates.require(input.CertificateArn);
      certificates.setTags(record, withTags(record.tags, input.Tags ?? []));
      await store.durable();
      return {};
    },
  };

  const remove: Operation<RemoveTagsFromCertificateRequest, object> = {
    name: 'RemoveTagsFromCertificate',
    authorize: (input) => [
      certificatePermission(certificates, 'RemoveTagsFromCertificate', input.CertificateArn, tagConditions(input.Tags)),
    ],
    /** "If you do not specify the value portion of the tag, the tag will be removed regardless of value." */
    async handle(input) {
      const record = certificates.require(input.CertificateArn);
      const removed = (tag: { Key: string; Value?: string }) =>
        (input.Tags ?? []).some(({ Key, Value }) => Key === tag.Key && (Value === undefined || Value === tag.Value));
      certificates.setTags(
        record,
        record.tags.filter((tag) => !removed(tag)),
      );
      await store.durable();
      return {};
    },
  };

  const list: Operation<ListTagsForCertificateRequest, ListTagsForCertificateResponse> = {
    name: 'ListTagsForCertificate',
    authorize: (input) => [certificatePermission(certificates, 'ListTagsForCertificate', input.CertificateArn)],
    handle: (input) => ({ Tags: certificates.require(input.CertificateArn).tags.map((tag) => ({ ...tag })) }),
  };

  return [add, remove, list];
}
