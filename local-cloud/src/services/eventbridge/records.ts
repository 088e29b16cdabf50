import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { TargetInput } from './target-input.ts';

export type Tags = readonly { readonly Key: string; readonly Value: string }[];

export interface BusRecord {
  readonly name: string;
  readonly description?: string | undefined;
  readonly tags: Tags;
  readonly policy?: PolicyDocument | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface TargetRecord extends TargetInput {
  readonly id: string;
  readonly arn: string;
  readonly roleArn?: string | undefined;
  readonly deadLetterArn?: string | undefined;
  readonly maxAttempts?: number | undefined;
  readonly maxAgeSeconds?: number | undefined;
  readonly messageGroupId?: string | undefined;
}

export interface RuleRecord {
  readonly bus: string;
  readonly name: string;
  readonly description?: string | undefined;
  readonly pattern?: string | undefined;
  readonly schedule?: string | undefined;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly roleArn?: string | undefined;
  readonly tags: Tags;
  readonly targets: readonly TargetRecord[];
  /** When its schedule began to count, ms since the epoch. */
  readonly scheduledFrom: number;
}

/** One event on its way to one target. */
export interface DeliveryRecord {
  readonly id: string;
  readonly ruleKey: string;
  readonly ruleArn: string;
  readonly ruleName: string;
  readonly target: TargetRecord;
  readonly event: string;
  /** ms since the epoch */
  readonly acceptedAt: number;
  readonly attempts: number;
}
