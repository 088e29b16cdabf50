/**
 * Who makes a call. AWS resolves the same three kinds from a signature or from a service's own doing.
 */
export type Principal =
  /** The account's administrator: the credentials printed at start. Allowed everything but explicit denies of resource policies. */
  | { readonly kind: 'account'; readonly arn: string; readonly accountId: string; readonly userId: string }
  /** A role's session: Lambda functions, rule actions, delivery streams. */
  | {
      readonly kind: 'assumed-role';
      /** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
      readonly arn: string;
      readonly accountId: string;
      readonly userId: string;
      readonly roleArn: string;
      readonly roleName: string;
      readonly sessionName: string;
    }
  /** An AWS service acting for itself, allowed only by resource policies (`iot.amazonaws.com`). */
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly sourceArn?: string;
      readonly sourceAccount?: string;
    }
  | { readonly kind: 'anonymous' };

export type AssumedRole = Extract<Principal, { kind: 'assumed-role' }>;
export type ServicePrincipal = Extract<Principal, { kind: 'service' }>;
