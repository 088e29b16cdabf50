/**
 * Who makes a call, resolved from a signature, from a device's certificate or from a service's own doing.
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
      /** Condition keys that the session carries along (`credentials-iot:ThingName`). */
      readonly sessionContext?: Readonly<Record<string, string>>;
    }
  /** An AWS service acting for itself, allowed only by resource policies (`iot.amazonaws.com`). */
  | {
      readonly kind: 'service';
      readonly service: string;
      readonly sourceArn?: string;
      readonly sourceAccount?: string;
    }
  /** A device that showed its certificate over HTTPS. Its IoT policies alone say what it may call. */
  | {
      readonly kind: 'device';
      /** As `principalId` of a connection. */
      readonly principalId: string;
      mayCall(action: string, resourceArn: string): boolean;
    }
  | { readonly kind: 'anonymous' };

export type AssumedRole = Extract<Principal, { kind: 'assumed-role' }>;
export type ServicePrincipal = Extract<Principal, { kind: 'service' }>;
export type DevicePrincipal = Extract<Principal, { kind: 'device' }>;
