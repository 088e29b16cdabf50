import { Stack, Token, Tokenization } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

export interface IotPolicyDocument {
  readonly Version: '2012-10-17';
  readonly Statement: readonly {
    readonly Effect: 'Allow' | 'Deny';
    readonly Action: string | readonly string[];
    readonly Resource: string | readonly string[];
  }[];
}

/** IoT quotas, "Policy document size": characters without whitespace. */
const MAX_POLICY_CHARACTERS = 2048;

/** Longest stand-ins for what is known only at deployment. */
const PSEUDO_PARAMETERS: Record<string, string> = {
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-99',
  'AWS::AccountId': '123456789012',
};

/** @throws Error when AWS IoT would refuse the policy for its size */
export function checkPolicySize(scope: IConstruct, name: string, document: IotPolicyDocument): void {
  const size = policySize(scope, document);
  if (size > MAX_POLICY_CHARACTERS) {
    throw new Error(`${name} must have at most ${MAX_POLICY_CHARACTERS} characters without whitespace, got ${size}`);
  }
}

/** Characters of a policy without whitespace, with pseudo parameters at their longest. */
export function policySize(scope: IConstruct, document: IotPolicyDocument): number {
  const text = JSON.stringify(document, (_key, value) =>
    typeof value === 'string' && Token.isUnresolved(value) ? flatten(scope, value) : value,
  );
  return text.replace(/\s/g, '').length;
}

function flatten(scope: IConstruct, value: string): string {
  return Tokenization.reverseString(value)
    .mapTokens({ mapToken: (token) => Stack.of(scope).resolve(token) })
    .join({
      join: (left, right) => `${longest(left)}${longest(right)}`,
    });
}

function longest(part: unknown): string {
  if (typeof part === 'string') return part;
  const name = (part as { Ref?: string } | undefined)?.Ref;
  const known = name === undefined ? '' : PSEUDO_PARAMETERS[name];
  if (known === undefined) throw new Error(`cannot tell the length of ${JSON.stringify(part)} in an IoT policy`);
  return known;
}
