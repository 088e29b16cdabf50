/** CloudFormation as its API shows it (CloudFormation API reference, `Stack`, `StackResourceSummary`). Times in ms since the epoch. */
export interface StackView {
  readonly stackName: string;
  readonly stackId: string;
  readonly status: StackStatus;
  readonly statusReason?: string;
  readonly description?: string;
  readonly createdAt: number;
  readonly deletedAt?: number;
  readonly terminationProtection: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly outputs: readonly { name: string; value: string; description?: string; exportName?: string }[];
  readonly resources: readonly StackResourceView[];
}

export interface StackResourceView {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: 'CREATE_COMPLETE' | 'DELETE_FAILED';
  readonly statusReason?: string;
  /** The last change of its stack. */
  readonly changedAt: number;
}

export type StackStatus =
  | 'CREATE_IN_PROGRESS'
  | 'CREATE_FAILED'
  | 'CREATE_COMPLETE'
  | 'DELETE_IN_PROGRESS'
  | 'DELETE_FAILED'
  | 'DELETE_COMPLETE';

/** The stacks of this cloud. */
export interface StackDirectory {
  /** Live stacks first, then those deleted, which only their id still finds. */
  list(): readonly StackView[];
  /**
   * Begins to delete a stack; it goes on by itself, as {@link list} shows. A stack that is gone or going is let be.
   * `retain` names resources of a stack in `DELETE_FAILED` that are to be kept.
   * @throws AwsError `ValidationError` for a protected stack, or while a deployment runs
   */
  delete(stackName: string, retain: readonly string[]): void;
  /** @throws AwsError `ValidationError` for an unknown stack */
  protect(stackName: string, protection: boolean): void;
}
