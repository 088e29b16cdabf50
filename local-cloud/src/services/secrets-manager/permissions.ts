import type { ApiCall } from '../../core/api.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import type { Secrets } from './secrets.ts';

/**
 * Permission on an existing secret: its ARN, condition keys and own policy. For a secret that does not exist AWS evaluates
 * against the id as given, so that a caller without permission does not learn of its absence.
 */
export function secretPermission(
  secrets: Secrets,
  action: string,
  id: string | undefined,
  conditions: ConditionKeys = {},
): Permission {
  const secret = id === undefined ? undefined : secrets.find(id);
  return {
    action: `secretsmanager:${action}`,
    resource: secret?.arn ?? id ?? '*',
    conditions: {
      ...(secret === undefined ? {} : { 'secretsmanager:SecretId': secret.arn }),
      ...Object.fromEntries(
        (secret?.tags ?? []).flatMap(({ Key, Value }) => [
          [`secretsmanager:ResourceTag/${Key}`, Value],
          [`aws:ResourceTag/${Key}`, Value],
        ]),
      ),
      ...conditions,
    },
    resourcePolicy: secret?.policy,
  };
}

/**
 * CreateSecret is evaluated against the full ARN that the secret is going to have. The ARN made while authorizing is
 * the one that the same call then uses.
 */
export class NewArns {
  readonly #arns = new WeakMap<ApiCall, string>();
  readonly #secrets: Secrets;

  constructor(secrets: Secrets) {
    this.#secrets = secrets;
  }

  of(call: ApiCall, name: string): string {
    let arn = this.#arns.get(call);
    if (arn === undefined) {
      arn = this.#secrets.newArn(name);
      this.#arns.set(call, arn);
    }
    return arn;
  }
}
