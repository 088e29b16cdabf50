import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Accepts one finding of a validation rule on one construct and what is below it, with the reason. */
export function acknowledge(construct: IConstruct, id: string, reason: string): void {
  Validations.of(construct).acknowledge({ id, reason });
}

/**
 * Accepts one wildcard in the policies of a role. The finding's id holds the ARN with its references in angle brackets,
 * so it is made from the ARN itself: any other wildcard on the same role is still found.
 */
export function acknowledgeWildcard(role: IConstruct, resource: string, reason: string): void {
  acknowledge(role, `AwsSolutions-IAM5[Resource::${written(Stack.of(role).resolve(resource))}]`, reason);
}

function written(value: unknown): string {
  if (typeof value === 'string') return value;
  const intrinsic = value as {
    Ref?: string;
    'Fn::GetAtt'?: readonly string[];
    'Fn::Join'?: readonly [string, readonly unknown[]];
  };
  if (intrinsic.Ref !== undefined) return `<${intrinsic.Ref}>`;
  if (intrinsic['Fn::GetAtt'] !== undefined) return `<${intrinsic['Fn::GetAtt'].join('.')}>`;
  const join = intrinsic['Fn::Join'];
  if (join !== undefined) return join[1].map(written).join(join[0]);
  throw new Error(`cannot write ${JSON.stringify(value)} as cdk-nag does`);
}
