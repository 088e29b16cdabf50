import { type CampaignSettings, campaignOverridesSchema } from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { seconds } from './duration.ts';

/** Options of commands that begin a campaign. What is left out is as the stage's configuration has it. */
export interface CampaignOptions {
  readonly canaryGroup?: string;
  readonly canaryPercent?: number;
  readonly canaryAtLeast?: number;
  /** `25,100` */
  readonly waves?: string;
  readonly successPercent?: number;
  readonly healthPercent?: number;
  /** `30m` */
  readonly soak?: string;
  readonly abortPercent?: number;
  readonly abortMinimum?: number;
  readonly rate?: number;
  /** `10x2@50`: begin with 10 a minute, twice as many after each 50 successes */
  readonly ratesGrow?: string;
  readonly deviceMinutes?: number;
  readonly waveTime?: string;
  readonly retries?: number;
  /** `cron(0 2 * * ? *)/120` */
  readonly window?: readonly string[];
  readonly includeUnknownHardware?: boolean;
}

/** @throws Failure with everything that is wrong */
export function readCampaignOptions(options: CampaignOptions): Partial<CampaignSettings> {
  const { canaryAtLeast, canaryGroup, canaryPercent } = options;
  const canary = canaryGroup ?? canaryPercent ?? canaryAtLeast;
  const { abortMinimum, abortPercent, rate, ratesGrow } = options;
  const wanted = {
    ...(canary !== undefined && {
      canary: {
        ...(canaryGroup !== undefined && { group: canaryGroup }),
        ...(canaryPercent !== undefined && { percent: canaryPercent }),
        ...(canaryAtLeast !== undefined && { atLeast: canaryAtLeast }),
      },
    }),
    ...(options.waves !== undefined && { waves: options.waves.split(',').map(Number) }),
    ...(options.successPercent !== undefined && { successPercent: options.successPercent }),
    ...(options.healthPercent !== undefined && { healthPercent: options.healthPercent }),
    ...(options.soak !== undefined && { soakSeconds: seconds('--soak', options.soak) }),
    ...((abortPercent !== undefined || abortMinimum !== undefined) && {
      abort: { failurePercent: abortPercent ?? 20, minimumEnded: abortMinimum ?? 1 },
    }),
    ...((rate !== undefined || ratesGrow !== undefined) && {
      rollout: {
        maximumPerMinute: rate ?? 1_000,
        ...(ratesGrow !== undefined && { exponential: readGrowth(ratesGrow) }),
      },
    }),
    ...(options.deviceMinutes !== undefined && { inProgressMinutes: options.deviceMinutes }),
    ...(options.waveTime !== undefined && { waveSeconds: seconds('--wave-time', options.waveTime) }),
    ...(options.retries !== undefined && { retries: options.retries }),
    ...(options.window !== undefined && { maintenanceWindows: options.window.map(readWindow) }),
    ...(options.includeUnknownHardware === true && { unknownHardware: 'include' }),
  };
  const parsed = campaignOverridesSchema.safeParse(wanted);
  if (!parsed.success) throw new Failure(z.prettifyError(parsed.error));
  // What a schema would fill in is the stage's to say.
  return Object.fromEntries(Object.entries(parsed.data).filter(([name]) => name in wanted));
}

function readGrowth(text: string) {
  const match = /^(\d+)x(\d+(?:\.\d)?)@(\d+)$/.exec(text);
  if (match === null)
    throw new Failure('--rates-grow is like 10x2@50: from 10 a minute, twice after each 50 successes');
  const [, base, factor, after] = match;
  return { baseRatePerMinute: Number(base), incrementFactor: Number(factor), afterSucceeded: Number(after) };
}

function readWindow(text: string) {
  const match = /^(cron\(.+\))\/(\d+)$/.exec(text);
  if (match === null)
    throw new Failure("--window is like 'cron(0 2 * * ? *)/120': when it begins, UTC, and its minutes");
  return { startTime: match[1] as string, durationInMinutes: Number(match[2]) };
}
