import { AwsError } from '../../../core/errors.ts';
import { type CompiledStatement, compilePolicy } from '../../../core/iam/compiled-policy.ts';
import { malformedPolicy } from '../errors.ts';
import { MAX_POLICY_CHARACTERS } from '../limits.ts';

/**
 * An AWS IoT Core policy: the conventions of IAM policies (developer guide, `iot-policies`), without principals.
 * `+` and `#` are ordinary characters in it (`pub-sub-policy`).
 */
export interface IotPolicy {
  readonly statements: readonly CompiledStatement[];
  /** Whether an answer may be kept while the connection's own values stay the same: it does not ask for the time. */
  readonly timeless: boolean;
}

/** @throws AwsError MalformedPolicyException (400) */
export function compileIotPolicy(document: string): IotPolicy {
  let parsed: unknown;
  try {
    parsed = JSON.parse(document);
  } catch {
    throw malformedPolicy('Policy document is Malformed: it is not valid JSON');
  }
  try {
    const { statements } = compilePolicy(parsed, 'identity');
    return { statements, timeless: !/aws:(currenttime|epochtime)/i.test(document) };
  } catch (error) {
    if (error instanceof AwsError) throw malformedPolicy(`Policy document is Malformed: ${error.message}`);
    throw error;
  }
}

/** Checks a document that is about to be stored. @throws AwsError MalformedPolicyException (400) */
export function validateIotPolicy(document: string): void {
  const characters = document.replace(/\s/g, '').length;
  if (characters > MAX_POLICY_CHARACTERS) {
    throw malformedPolicy(
      `Policy document size ${characters} exceeds the limit of ${MAX_POLICY_CHARACTERS} characters, whitespace excluded`,
    );
  }
  compileIotPolicy(document);
}
