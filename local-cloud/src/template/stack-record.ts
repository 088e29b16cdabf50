import type { StackStatus } from '../core/stacks.ts';
import type { Collection, Store } from '../core/store.ts';
import type { DeletionPolicy } from './template-types.ts';

/** What is kept of a deployed stack. */
export interface StackRecord {
  readonly stackName: string;
  readonly stackId: string;
  readonly resources: Readonly<Record<string, ResourceRecord>>;
  /** Replaced or removed resources whose policy keeps them: no longer part of the stack. */
  readonly retained: readonly ResourceRecord[];
  /** Replaced or removed resources that are still to be deleted, in this order. */
  readonly leftovers: readonly Leftover[];
  readonly outputs: Readonly<Record<string, OutputRecord>>;
  /** Absent in a record of an earlier version: its last deployment went through. */
  readonly status?: StackStatus;
  readonly statusReason?: string | undefined;
  readonly description?: string;
  /** ms since the epoch */
  readonly createdAt?: number;
  readonly changedAt?: number;
  readonly terminationProtection?: boolean;
  readonly tags?: Readonly<Record<string, string>>;
}

/** What is left of a deleted stack: its id still answers. */
export interface DeletedStackRecord {
  readonly stackName: string;
  readonly stackId: string;
  readonly createdAt: number;
  readonly deletedAt: number;
}

export interface ResourceRecord {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** Properties with intrinsics resolved, as they were applied. */
  readonly properties: Readonly<Record<string, unknown>>;
  readonly deletionPolicy: DeletionPolicy;
  readonly updateReplacePolicy: DeletionPolicy;
  /** The type is recorded, not run. */
  readonly recordedOnly: boolean;
  /** Logical ids that it depends on: they are deleted after it. */
  readonly dependsOn?: readonly string[];
  /** Why it could not be deleted. */
  readonly deleteFailure?: string | undefined;
}

export interface Leftover {
  readonly resource: ResourceRecord;
  /** `DeletionPolicy` of a removed resource, `UpdateReplacePolicy` of a replaced one. */
  readonly policy: DeletionPolicy;
}

export interface OutputRecord {
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export function stackRecords(store: Store): Collection<StackRecord> {
  return store.collection<StackRecord>('cloudformation/stacks');
}

/** By stack id. */
export function deletedStackRecords(store: Store): Collection<DeletedStackRecord> {
  return store.collection<DeletedStackRecord>('cloudformation/deleted-stacks');
}

export function exportedValue(records: Collection<StackRecord>, name: string): string | undefined {
  for (const record of records.values()) {
    for (const output of Object.values(record.outputs)) {
      if (output.exportName === name) return output.value;
    }
  }
  return undefined;
}
