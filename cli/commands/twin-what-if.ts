import { LambdaClient } from '@aws-sdk/client-lambda';
import { type WhatIf, type WhatIfRequest, type WhatIfResult, whatIfRequestSchema } from '@fleetwright/contracts';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import type { StageOptions } from '../operator/stage.ts';
import { formatTable } from '../output/table.ts';
import { readAssignment, readDuration, readSection, spell } from '../twin/assignments.ts';
import { invoke } from '../twin/invoke.ts';
import { withDevice } from '../twin/with-device.ts';

export interface TwinWhatIfOptions extends StageOptions {
  /** `key=value`, several */
  readonly set: readonly string[];
  readonly for: string;
  /** Surroundings other than usual: `name=number`, several. */
  readonly given?: readonly string[];
  readonly json?: boolean;
}

/** `fleetwright twin what-if`: what would come of a desired state. Nothing is sent. */
export async function twinWhatIf(name: string, options: TwinWhatIfOptions): Promise<void> {
  const desired = readSection('--set', options.set);
  const horizonSeconds = readDuration('--for', options.for);
  const conditions = Object.fromEntries((options.given ?? []).map((text) => readAssignment('--given', text)));
  await withDevice(name, options, ['WhatIfFunctionName'], async ({ clients, outputs, thingName }) => {
    const request = readRequest({ thingName, desired, horizonSeconds, conditions });
    const outcome = await invoke<WhatIfResult>(clients.of(LambdaClient), outputs.WhatIfFunctionName, request);
    process.stdout.write(options.json === true ? `${JSON.stringify(outcome)}\n` : describe(outcome));
  });
}

/** @throws Failure with everything that is wrong */
function readRequest(request: unknown): WhatIfRequest {
  const parsed = whatIfRequestSchema.safeParse(request);
  if (!parsed.success) throw new Failure(z.prettifyError(parsed.error));
  return parsed.data;
}

function describe(outcome: WhatIf): string {
  const { alerts, excesses, horizonSeconds, measures, notes, settings, thingName, wouldSend } = outcome;
  const lines = [
    `${thingName}, the next ${spell(horizonSeconds)}; nothing is sent`,
    '',
    `would be sent to the shadow ${wouldSend.shadow}: ${JSON.stringify(wouldSend.request)}`,
    `the device would be told: ${JSON.stringify(wouldSend.delta)}`,
    ...settings.map(({ afterSeconds, from, refused, setting, to }) =>
      refused === undefined
        ? `  ${setting}: ${from} → ${to}, reported after ${spell(afterSeconds ?? 0)}`
        : `  ${setting}: stays ${from}; the device refuses what is asked for: ${refused}`,
    ),
    '',
    formatTable({
      columns: ['measure', 'now', 'end', 'without', 'least', 'most', 'unit', 'unexplained'],
      rows: measures.map(({ end, endWithout, least, measure, most, now, unexplained, unit }) => [
        measure,
        short(now),
        short(end),
        short(endWithout),
        short(least.value),
        short(most.value),
        unit ?? null,
        unexplained === undefined ? null : short(unexplained),
      ]),
    }),
    '',
    ...excesses.map(
      ({ afterSeconds, alsoWithout, bound, limit, measure, worst }) =>
        `LIMIT  ${measure} ${bound === 'max' ? 'above' : 'below'} ${limit} after ${spell(afterSeconds)}, up to ${short(worst)}${anyway(alsoWithout)}`,
    ),
    ...alerts.map(
      ({ afterSeconds, alsoWithout, rule, severity, state, value }) =>
        `ALERT  ${rule} (${severity}) ${state} after ${spell(afterSeconds)}${value === undefined ? '' : ` at ${short(value)}`}${anyway(alsoWithout)}`,
    ),
    ...(excesses.length + alerts.length === 0 ? ['no limit exceeded, no alert'] : []),
    ...notes.map((note) => `note   ${note}`),
  ];
  return `${lines.join('\n')}\n`;
}

function anyway(alsoWithout: boolean): string {
  return alsoWithout ? ' (also without the change)' : '';
}

function short(value: number): string {
  return String(Number(value.toPrecision(5)));
}
