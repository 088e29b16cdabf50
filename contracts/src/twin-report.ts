import * as z from 'zod';

/**
 * What a device reports in a shadow beside its settings, under {@link TWIN_REPORT}: what came of the desired state. It is
 * no setting: nobody desires it, so it never counts as drift.
 */
export const TWIN_REPORT = '_twin';

export const twinReportSchema = z.looseObject({
  /** Of the document whose desired state the device has acted on last. */
  version: z.int().nonnegative(),
  /**
   * - `applied`: all of it is in use.
   * - `partly`: some settings are not, for the reasons in `errors`; the others are.
   * - `rolled-back`: it did the device no good. None of what changed is in use, but the last settings that worked.
   */
  status: z.enum(['applied', 'partly', 'rolled-back']),
  /** Missing or null when there are none. An array, since a shadow merges objects and replaces arrays. */
  errors: z
    .array(
      z.looseObject({
        setting: z.string(),
        code: z.enum(['INVALID', 'UNSUPPORTED', 'NOT_APPLIED', 'UNHEALTHY', 'CRASHED']),
        message: z.string().max(256),
      }),
    )
    .nullable()
    .optional(),
});

export type TwinReport = z.infer<typeof twinReportSchema>;
