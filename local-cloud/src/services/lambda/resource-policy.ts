import type { AddPermissionRequest } from '@aws-sdk/client-lambda';
import { NotImplementedError } from '../../core/errors.ts';
import type { PolicyStatement } from '../../core/iam/policy-document.ts';
import { invalidParameter, validationError } from './errors.ts';

/**
 * The statement that AddPermission adds (API reference, AddPermission; developer guide, "Viewing resource-based IAM
 * policies"). SourceArn becomes ArnLike, the other limits StringEquals.
 */
export function permissionStatement(input: AddPermissionRequest, functionArn: string): PolicyStatement {
  const { StatementId, Action, Principal } = input;
  if (StatementId === undefined || !/^[a-zA-Z0-9_-]{1,100}$/.test(StatementId)) {
    throw validationError(
      StatementId,
      'statementId',
      'Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)',
    );
  }
  if (Action === undefined || !/^(lambda:[*]|lambda:[a-zA-Z]+|[*])$/.test(Action)) {
    throw validationError(
      Action,
      'action',
      'Member must satisfy regular expression pattern: (lambda:[*]|lambda:[a-zA-Z]+|[*])',
    );
  }
  if (input.FunctionUrlAuthType !== undefined || input.InvokedViaFunctionUrl !== undefined) {
    throw new NotImplementedError('Lambda function URLs');
  }
  const equals: Record<string, string> = {};
  if (input.SourceAccount !== undefined) equals['AWS:SourceAccount'] = input.SourceAccount;
  if (input.EventSourceToken !== undefined) equals['lambda:EventSourceToken'] = input.EventSourceToken;
  if (input.PrincipalOrgID !== undefined) equals['aws:PrincipalOrgID'] = input.PrincipalOrgID;
  const condition = {
    ...(Object.keys(equals).length > 0 ? { StringEquals: equals } : {}),
    ...(input.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
  };
  return {
    Sid: StatementId,
    Effect: 'Allow',
    Principal: principalOf(Principal),
    Action,
    Resource: functionArn,
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}

function principalOf(principal: string | undefined): '*' | Record<string, string> {
  if (principal === '*') return '*';
  if (principal !== undefined && /^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (principal?.startsWith('arn:aws:iam::') || principal?.startsWith('arn:aws:sts::')) return { AWS: principal };
  if (principal !== undefined && /^[a-z0-9.-]+\.amazonaws\.com$/.test(principal)) return { Service: principal };
  throw invalidParameter('The provided principal was invalid. Please check the principal and try again.');
}
