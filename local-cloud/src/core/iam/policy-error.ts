import { AwsError } from '../errors.ts';

/** A policy that AWS would not store, or that holds what the local cloud cannot evaluate. */
export function malformedPolicy(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message, 400);
}
