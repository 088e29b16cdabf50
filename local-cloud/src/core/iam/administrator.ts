import type { Account } from '../account.ts';
import type { Principal } from './principal.ts';

/** The account's own principal: who deploys, and whose credentials the command line uses. */
export function administratorOf(account: Account): Principal {
  return {
    kind: 'account',
    arn: `arn:${account.partition}:iam::${account.accountId}:root`,
    accountId: account.accountId,
    userId: account.accountId,
  };
}
