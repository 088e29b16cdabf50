import { type CampaignRecord, STOP_REASONS, type Wave } from '@fleetwright/contracts';
import * as z from 'zod';
import type { Step } from '../shared/tracked-state.ts';

export type StopReason = (typeof STOP_REASONS)[number];

/** What is asked for, in order. Each may be done twice. */
export const campaignOutputSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start-job'), wave: z.int(), attempt: z.int() }),
  /** Those that have begun may end. */
  z.object({ kind: z.literal('cancel-jobs'), wave: z.int(), reason: z.string() }),
  /** Removes the groups of all waves. */
  z.object({ kind: z.literal('clean-up') }),
  z.object({
    kind: z.literal('ended'),
    status: z.enum(['succeeded', 'stopped', 'aborted']),
    reason: z.enum(STOP_REASONS).optional(),
  }),
]);

export type CampaignOutput = z.infer<typeof campaignOutputSchema>;
export type CampaignStep = Step<CampaignRecord, CampaignOutput>;

/** What has been found out or ordered. */
export type CampaignEvent =
  | {
      readonly kind: 'searched';
      readonly page: number;
      /** Where the search goes on; undefined: all of the registry was seen. */
      readonly token?: string | undefined;
      readonly compatible: number;
      readonly canaries: number;
      readonly excluded: number;
    }
  | {
      readonly kind: 'gathered';
      readonly wave: number;
      readonly attempt: number;
      /** Devices that the job is for. */
      readonly devices: number;
      readonly complete: boolean;
    }
  | {
      readonly kind: 'observed';
      readonly wave: number;
      readonly attempt: number;
      /** Of the newest job: `ABORTED` by its own threshold. */
      readonly job: 'ACTIVE' | 'COMPLETED' | 'CANCELED' | 'ABORTED';
      readonly counts: Wave['counts'];
      /** Devices that may still end. */
      readonly open: number;
      /** Some that ended could not be looked at yet. */
      readonly more: boolean;
    }
  | {
      readonly kind: 'health';
      readonly wave: number;
      readonly attempt: number;
      readonly checked: number;
      readonly healthy: number;
    }
  | { readonly kind: 'pause' | 'resume' | 'abort' };

/**
 * ms until the next look when there is no reason to wait: the state that expects it is saved after the look was arranged,
 * and should be there before it comes.
 */
export const SOON = 1_000;

/** ms between two looks at a job */
export const POLL_DEFAULT = 30_000;
