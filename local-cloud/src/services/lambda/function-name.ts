import { type Account, arn } from '../../core/account.ts';
import { AwsError } from '../../core/errors.ts';
import { invalidParameter, resourceNotFound, validationError } from './errors.ts';
import { MAX_FUNCTION_NAME_LENGTH } from './limits.ts';

export interface FunctionReference {
  readonly name: string;
  readonly qualifier: string | undefined;
}

const PATTERN =
  /^(?:arn:(?:aws[a-zA-Z-]*)?:lambda:([a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(\d{12}):)?(?:function:)?([a-zA-Z0-9_-]+)(?::(\$LATEST|[a-zA-Z0-9_-]+))?$/;

export function functionArn(account: Account, name: string): string {
  return arn(account, 'lambda', `function:${name}`);
}

/**
 * Name, partial ARN (`123456789012:function:name`) or ARN, each with or without a qualifier.
 * @throws AwsError `ValidationException`; `ResourceNotFoundException` and `AccessDeniedException` for foreign ones
 */
export function parseFunctionName(text: string | undefined, account: Account, qualifier?: string): FunctionReference {
  const match = PATTERN.exec(text ?? '');
  if (match === null) {
    throw validationError(
      text,
      'functionName',
      'Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?([a-z]{2}(-gov)?-[a-z]+-\\d{1}:)?(\\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\\$LATEST|[a-zA-Z0-9-_]+))?',
    );
  }
  const [, region, owner, name, derived] = match as unknown as [string, string?, string?, string?, string?];
  if (region !== undefined && region !== account.region) {
    throw resourceNotFound(`Functions from '${region}' are not reachable in this region ('${account.region}')`);
  }
  if (owner !== undefined && owner !== account.accountId) {
    throw new AwsError('AccessDeniedException', 'The function belongs to another account.', 403);
  }
  if ((name as string).length > MAX_FUNCTION_NAME_LENGTH) {
    throw invalidParameter(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${MAX_FUNCTION_NAME_LENGTH}`,
    );
  }
  if (derived !== undefined && qualifier !== undefined && derived !== qualifier) {
    throw invalidParameter('The derived qualifier from the function name does not match the specified qualifier.');
  }
  return { name: name as string, qualifier: qualifier ?? derived };
}
