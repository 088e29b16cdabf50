import * as z from 'zod';
import type { LifeEstimate } from './remaining-life.ts';

/** What the life function is invoked with. */
export const lifeRequestSchema = z.strictObject({ thingName: z.string().min(1).max(128) });

export type LifeRequest = z.infer<typeof lifeRequestSchema>;

export type LifeReport = LifeEstimate & {
  /** Name of what wears. */
  readonly name: string;
  readonly measure: string;
  readonly unit?: string | undefined;
  readonly endOfLife: number;
};

/** What it answers. */
export type LifeResult =
  | {
      readonly ok: true;
      readonly thingName: string;
      readonly deviceType: string;
      /** ms since the epoch */
      readonly at: number;
      readonly parts: readonly LifeReport[];
    }
  | {
      readonly ok: false;
      readonly reason: 'INVALID' | 'UNKNOWN_THING' | 'NOT_A_DEVICE' | 'NO_RULE';
      readonly message: string;
    };
