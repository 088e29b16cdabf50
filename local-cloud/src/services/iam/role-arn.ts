import { type Account, globalArn } from '../../core/account.ts';
import type { RoleStore } from './role-store.ts';

/** The ARN that permissions on a role are checked against; a missing role is taken to lie under `/`. */
export function roleArnOf(account: Account, roles: RoleStore, roleName: string | undefined): string {
  const name = String(roleName);
  return roles.has(name) ? roles.get(name).arn : globalArn(account, 'iam', `role/${name}`);
}
