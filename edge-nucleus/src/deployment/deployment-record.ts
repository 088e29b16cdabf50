import * as z from 'zod';
import type { Configuration } from '../configuration/merge-configuration.ts';
import { NucleusError, type NucleusErrorCode } from '../nucleus-error.ts';
import { readStateFile } from '../state/state-file.ts';
import { type PlannedDeployment, readPlanned } from './deployment-document.ts';

const recordSchema = z.object({
  roots: z.array(z.string()),
  /** Version by name. */
  components: z.record(z.string(), z.string()),
  /** As they were when it was written. */
  configurations: z.record(z.string(), z.record(z.string(), z.json())),
});

/** As `DetailedDeploymentStatus` of the IPC model. */
export type DeploymentStatus =
  | 'SUCCESSFUL'
  /** Refused before anything was stopped. */
  | 'FAILED_NO_STATE_CHANGE'
  | 'FAILED_ROLLBACK_NOT_REQUESTED'
  | 'FAILED_ROLLBACK_COMPLETE'
  | 'FAILED_UNABLE_TO_ROLLBACK';

export interface DeploymentOutcome {
  readonly deploymentId: string;
  readonly status: DeploymentStatus;
  readonly reason?: string;
  /** Why it was refused. */
  readonly code?: NucleusErrorCode;
}

/** How the last deployment ended. @throws NucleusError `STATE_UNUSABLE` */
export function readOutcome(file: string): DeploymentOutcome | undefined {
  return readStateFile(file) as DeploymentOutcome | undefined;
}

/** What a core runs, as it lies on disk. */
export interface DeploymentRecord {
  readonly roots: readonly string[];
  readonly components: Readonly<Record<string, string>>;
  readonly configurations: Readonly<Record<string, Configuration>>;
}

const pendingSchema = z.object({ document: z.unknown(), previous: recordSchema.optional() });

/** @throws NucleusError `STATE_UNUSABLE` */
export function readRecord(file: string): DeploymentRecord | undefined {
  const value = readStateFile(file);
  if (value === undefined) return undefined;
  const read = recordSchema.safeParse(value);
  if (!read.success) throw new NucleusError('STATE_UNUSABLE', `${file} is no record of a deployment`);
  return read.data as DeploymentRecord;
}

export interface PendingDeployment {
  readonly document: PlannedDeployment;
  /** Where to go back to; undefined: nothing ran before */
  readonly previous?: DeploymentRecord | undefined;
}

/** @throws NucleusError `STATE_UNUSABLE` */
export function readPending(file: string): PendingDeployment | undefined {
  const value = readStateFile(file);
  if (value === undefined) return undefined;
  const read = pendingSchema.safeParse(value);
  if (!read.success) throw new NucleusError('STATE_UNUSABLE', `${file} is no record of a deployment`);
  const { document, previous } = read.data;
  return { document: readPlanned(document), previous: previous as DeploymentRecord | undefined };
}
