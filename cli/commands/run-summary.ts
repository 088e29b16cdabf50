import type { MeterName } from '../../local-cloud/src/index.ts';
import type { EdgeSummary } from '../edge/simulated-edge.ts';

/** Result of a bounded run; with `--json` the last line of standard output. Times in ms since the command began. */
export interface RunSummary {
  /** Devices connected as themselves, provisioned now or in an earlier run. */
  readonly devicesOnboarded: number;
  /** Those provisioned by claim in this run. */
  readonly devicesProvisioned: number;
  readonly messagesPublished: number;
  readonly messagesAcknowledged: number;
  readonly samplesAcknowledged: number;
  /** Samples of this run that a query of the hot store finds. */
  readonly recordsStored: number;
  /** Samples found in the rejected queue with a reason. */
  readonly recordsRejected: number;
  readonly healthAcknowledged: number;
  readonly healthStored: number;
  /** Messages in the rejected, failed and rule-error queues. */
  readonly deadLetters: number;
  readonly elapsedMs: number;
  readonly firstRowMs: number | null;
  /** Of a run with an edge. */
  readonly edge?: EdgeSummary;
  /** What the cloud did for it. */
  readonly work: Partial<Record<MeterName, number>>;
}

/** Every acknowledged thing that is neither stored nor in a dead-letter queue, as a sentence. */
export function unaccounted(summary: RunSummary): string[] {
  const problems: string[] = [];
  const samples = summary.samplesAcknowledged - summary.recordsStored - summary.recordsRejected;
  if (samples > 0) problems.push(`${samples} acknowledged samples are neither stored nor in a dead-letter queue`);
  const health = summary.healthAcknowledged - summary.healthStored;
  if (health > summary.deadLetters) problems.push(`${health} acknowledged health reports are not stored`);
  if (summary.edge?.samplesStored === 0) problems.push(`nothing of the core ${summary.edge.core} is stored`);
  return problems;
}

function edgeText({ components, core, samplesStored }: EdgeSummary, store: string): string {
  return `${components} components run on ${core}, ${samplesStored} samples found in ${store}`;
}

/** @param store how people call the hot store */
export function formatSummary(summary: RunSummary, store: string): string {
  const { edge, work } = summary;
  const lines: [string, string][] = [
    ['devices online', `${summary.devicesOnboarded} (${summary.devicesProvisioned} provisioned in this run)`],
    ['messages', `${summary.messagesPublished} published, ${summary.messagesAcknowledged} acknowledged`],
    ['samples', `${summary.samplesAcknowledged} acknowledged, ${summary.recordsStored} found in ${store}`],
    ['health reports', `${summary.healthAcknowledged} acknowledged, ${summary.healthStored} found in ${store}`],
    ['rejected', `${summary.recordsRejected} samples, ${summary.deadLetters} dead letters`],
    ...(edge === undefined ? [] : [['edge', edgeText(edge, store)] as [string, string]]),
    [
      'first row',
      summary.firstRowMs === null ? 'none' : `${(summary.firstRowMs / 1000).toFixed(1)} s after the command began`,
    ],
    [
      'work done',
      `${work['lambda.invocations'] ?? 0} Lambda invocations, ${work['rules.actions'] ?? 0} rule actions, ` +
        `${work['iot.policyEvaluations'] ?? 0} IoT policy and ${work['iam.evaluations'] ?? 0} IAM evaluations, ` +
        `${work['http.requests'] ?? 0} HTTP calls`,
    ],
  ];
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`).join('\n');
}
