import type { GetCallerIdentityRequest, GetCallerIdentityResponse } from '@aws-sdk/client-sts';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';

/** "No permissions are required to perform this operation", and no policy can take it away. */
export const getCallerIdentity: Operation<GetCallerIdentityRequest, GetCallerIdentityResponse> = {
  name: 'GetCallerIdentity',
  authorize: () => [],
  handle(_input, { principal }) {
    if (principal.kind !== 'account' && principal.kind !== 'assumed-role') {
      throw new AwsError('MissingAuthenticationToken', 'Request is missing Authentication Token', 403);
    }
    return { UserId: principal.userId, Account: principal.accountId, Arn: principal.arn };
  },
};
