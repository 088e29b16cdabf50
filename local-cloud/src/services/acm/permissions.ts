import type { Tag } from '@aws-sdk/client-acm';
import { arn } from '../../core/account.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import type { Certificates } from './certificates.ts';

/** Service authorization reference, "Actions defined by AWS Certificate Manager": certificates carry their tags along. */
export function certificatePermission(
  certificates: Certificates,
  action: string,
  certificateArn: string | undefined,
  conditions: ConditionKeys = {},
): Permission {
  const tags = certificates.all().find((record) => record.arn === certificateArn)?.tags ?? [];
  return {
    action: `acm:${action}`,
    resource: certificateArn ?? arn(certificates.context.account, 'acm', 'certificate/*'),
    conditions: {
      ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:ResourceTag/${Key}`, Value ?? ''])),
      ...conditions,
    },
  };
}

export function tagConditions(tags: readonly Tag[] | undefined): ConditionKeys {
  if (tags === undefined || tags.length === 0) return {};
  return {
    'aws:TagKeys': tags.map(({ Key }) => Key ?? ''),
    ...Object.fromEntries(tags.map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value ?? ''])),
  };
}
