import type { ConditionKeys, PolicyDocument } from './policy-document.ts';
import type { AssumedRole, Principal } from './principal.ts';

/** One permission that an operation needs. */
export interface Permission {
  /** `sqs:SendMessage` */
  readonly action: string;
  /** ARN, or `*` for actions without resource-level permissions. */
  readonly resource: string;
  /** Service-specific condition keys (`dynamodb:LeadingKeys`); global ones are added by the authorizer. */
  readonly conditions?: ConditionKeys;
  /** The resource's own policy, where it has one. */
  readonly resourcePolicy?: PolicyDocument | undefined;
  /**
   * Nobody, not even the account itself, has access that the resource's policy does not give; identity policies count
   * only where it names the account (KMS developer guide, "Key policies in AWS KMS").
   */
  readonly policyMustAllow?: boolean;
  /** The same object is handed in again and again, as long as nothing in it changes: decisions may be kept with it. */
  readonly lasting?: boolean;
}

export interface CallOrigin {
  readonly sourceIp: string;
  /** `aws:SecureTransport` */
  readonly secure: boolean;
}

/**
 * IAM as every call meets it (IAM user guide, "Policy evaluation logic"): an explicit deny wins, then an allow
 * of the identity or, within one account, of the resource policy. Services are allowed by resource policies alone.
 */
export interface Authorizer {
  /** @throws AwsError `AccessDeniedException` (403) with AWS's text: who is not authorized to perform what on which resource and why. */
  authorize(principal: Principal, permission: Permission, origin: CallOrigin): void;
  /**
   * A service, a role or the administrator takes on a role. The role's trust policy decides; where it names the
   * account only, the caller's own policies must allow `sts:AssumeRole` too. The administrator stands for an
   * administrator of the account: AWS lets no root user assume a role.
   * @throws AwsError `AccessDenied` (403) when the role is missing or does not trust the caller.
   */
  assumeRole(principal: Principal, roleArn: string, sessionName: string, request?: AssumeRoleRequest): AssumedRole;
}

/** Circumstances of an `AssumeRole` that trust policies can ask for. */
export interface AssumeRoleRequest {
  readonly origin: CallOrigin;
  /** `sts:ExternalId` and the like. */
  readonly conditions?: ConditionKeys;
}

/** Temporary and long-lived credentials, as SigV4 needs them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** ms since the epoch */
  readonly expiration?: number;
}

export interface CredentialDirectory {
  /** Credentials of a role's session; `lifetime` in ms. */
  issue(principal: AssumedRole, lifetime: number): Credentials;
  /** The administrator of the account: made at the first start of a data directory, then kept. */
  administrator(): Credentials;
  find(accessKeyId: string): { credentials: Credentials; principal: Principal } | undefined;
}
