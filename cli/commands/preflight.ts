import { Failure } from '../failure.ts';
import { openStage, type Stage } from '../operator/stage.ts';
import { createProgress } from '../output/progress.ts';
import { hasStop, type Row } from '../preflight/rows.ts';
import { runPreflight } from '../preflight/run-preflight.ts';

export interface PreflightOptions {
  readonly region?: string;
  readonly stage?: string;
  /** A running local cloud, instead of AWS. */
  readonly dataDir?: string;
  readonly json?: boolean;
}

/** `fleetwright preflight`: what a deploy of a stage would meet in an account and region. */
export async function preflight(options: PreflightOptions): Promise<void> {
  const stage = preflightStage(options);
  const rows = await printedPreflight(stage, options.json === true);
  if (hasStop(rows)) throw new Failure('a deploy would fail: change what is marked ✗ first');
}

/** AWS, unless a local cloud is named. */
export function preflightStage({ dataDir, ...options }: PreflightOptions): Stage {
  return openStage(dataDir === undefined ? { ...options, aws: true, dataDir: '' } : { ...options, dataDir });
}

export async function printedPreflight(stage: Stage, json: boolean): Promise<Row[]> {
  const progress = createProgress(process.stderr, false);
  const rows = await runPreflight(stage, (part) => progress.step(`checking ${part}`));
  if (json) {
    process.stdout.write(`${JSON.stringify({ stage: stage.prefix, place: stage.place, stop: hasStop(rows), rows })}\n`);
  } else process.stdout.write(`${formatRows(rows)}\n`);
  return rows;
}

const MARKS: Readonly<Record<Row['status'], string>> = { ok: '✓', warn: '!', stop: '✗' };

export function formatRows(rows: readonly Row[]): string {
  return rows
    .flatMap(({ change, check, found, status }) => [
      `${MARKS[status]} ${check}: ${found}`,
      ...(change === undefined ? [] : [`    → ${change}`]),
    ])
    .join('\n');
}
