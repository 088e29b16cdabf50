import type { NonCompliantResource, RelatedResource } from '@aws-sdk/client-iot';
import type { Account } from '../../../../../core/account.ts';
import type { ServiceName } from '../../../../../core/api.ts';
import type { CheckName } from '../audit-checks.ts';
import type { ConnectionHistory } from '../connection-history.ts';
import type { DownloadCrl } from '../crl-download.ts';

/** What a check looks with: the account's own APIs, called with the role of the audit configuration. */
export interface Auditor {
  readonly account: Account;
  /** ms since the epoch at which the audit began */
  readonly startTime: number;
  /** Start of the run before, for scheduled audits. */
  readonly previousRun: number | undefined;
  readonly history: ConnectionHistory;
  readonly downloadCrl: DownloadCrl;
  /** A threshold of a check in days, as the account has configured it. */
  days(name: CheckName, otherwise: number): number;
  /** @throws AwsError as the operation, AccessDenied where the audit's role lacks a permission */
  call<O>(service: ServiceName, operation: string, input: object): Promise<O>;
}

export interface CheckFinding {
  readonly resource: NonCompliantResource;
  readonly relatedResources?: readonly RelatedResource[];
  readonly reasonCode: string;
  readonly reason: string;
}

export interface CheckResult {
  readonly totalResources: number;
  readonly findings: readonly CheckFinding[];
}

export type AuditCheck = (auditor: Auditor) => Promise<CheckResult>;

/** A check could not see what it has to look at; nothing may be said of compliance. */
export class CheckFailure extends Error {
  override readonly name = 'CheckFailure';
}
