import type { Sample, TelemetryMessage } from '@fleetwright/contracts';
import type { BenchOptions } from '../bench-options.ts';
import { MemoryCore, type Received } from './memory-core.ts';
import { alertsOn, HOUR, momentsOf, play, type RaisedAlert } from './plant-hour.ts';

const FROM = Date.UTC(2026, 0, 10, 6);
/** ms after which an alert that only the raw values raise is missed */
const PATIENCE = 180_000;

export interface ReductionResult {
  readonly rawBytes: number;
  readonly edgeBytes: number;
  /** Bytes with the edge over those without. */
  readonly ratio: number;
  readonly rawMessages: number;
  readonly edgeMessages: number;
  readonly alerts: number;
  readonly toldBySummaries: number;
  readonly toldByAnomalies: number;
  readonly missed: readonly RaisedAlert[];
  /** ms by which the rules on summaries are later than those on raw values, at most */
  readonly latest: number;
  /** Anomalies that were told, of which the rules know nothing. */
  readonly furtherAnomalies: number;
}

/**
 * `npm run bench -- edge-reduction [--json]`: the same hour of the plant, with everything going wrong in it, once with every value
 * sent to the cloud and once through the edge's components. Bytes are those of topics and payloads that reach the cloud; the
 * raw values go through the same spool, batched the same way.
 */
export async function run({ json }: BenchOptions): Promise<ReductionResult> {
  const say = (text: string): void => void (json || process.stdout.write(`${text}\n`));
  const raw = await hour('spool', say);
  const edge = await hour('components', say);
  const expected = alertsOn(samplesOf(raw.telemetry));
  const bySummary = alertsOn(samplesOf(edge.telemetry), '_max');
  const anomalies = samplesOf(edge.events).flatMap(({ time, values }) =>
    typeof values.anomaly_series === 'string' ? [{ measure: values.anomaly_series, time }] : [],
  );
  const told = (by: readonly RaisedAlert[], before: number) => (alert: RaisedAlert) =>
    by.some(({ measure, time }) => measure === alert.measure && Math.abs(time - alert.time) <= before);
  const missed = expected.filter((alert) => !told(bySummary, PATIENCE)(alert) && !told(anomalies, PATIENCE)(alert));
  const delays = expected.flatMap(({ measure, time }) =>
    bySummary
      .filter((other) => other.measure === measure && Math.abs(other.time - time) <= PATIENCE)
      .map((other) => other.time - time),
  );
  const result: ReductionResult = {
    rawBytes: raw.bytes,
    edgeBytes: edge.bytes,
    ratio: edge.bytes / raw.bytes,
    rawMessages: raw.messages,
    edgeMessages: edge.messages,
    alerts: expected.length,
    toldBySummaries: expected.filter(told(bySummary, PATIENCE)).length,
    toldByAnomalies: expected.filter(told(anomalies, PATIENCE)).length,
    missed,
    latest: Math.max(0, ...delays),
    furtherAnomalies: anomalies.filter((anomaly) => !told(expected, PATIENCE)(anomaly)).length,
  };
  say(formatted(result));
  return result;
}

async function hour(edge: 'spool' | 'components', say: (text: string) => void): Promise<Received> {
  const core = await MemoryCore.start({ from: FROM, edge });
  try {
    const moments = momentsOf(FROM);
    await play(core, moments, (second) => {
      if (second % 600 === 0) say(`${edge}: minute ${second / 60} of ${HOUR / 60}`);
    });
    if (!(await core.drained(900))) throw new Error('the spool is not empty a quarter of an hour after the last value');
    return core.received;
  } finally {
    await core.stop();
  }
}

function samplesOf(messages: readonly TelemetryMessage[]): Sample[] {
  return messages.flatMap(({ samples }) => samples);
}

function formatted(result: ReductionResult): string {
  const kilobytes = (bytes: number) => `${(bytes / 1_000).toFixed(0)} kB`;
  const { alerts, edgeBytes, edgeMessages, furtherAnomalies, latest, missed, ratio, rawBytes, rawMessages } = result;
  return [
    `without the edge  ${kilobytes(rawBytes)} in ${rawMessages} messages`,
    `with the edge     ${kilobytes(edgeBytes)} in ${edgeMessages} messages: ${ratio.toFixed(3)} of the bytes`,
    `alerts            ${alerts} on raw values; ${result.toldBySummaries} by the same rules on summaries (at most ${latest / 1_000} s later), ${result.toldByAnomalies} as anomalies`,
    `missed            ${missed.length}${missed.map(({ measure, time }) => `\n  ${measure} at ${new Date(time).toISOString()}`).join('')}`,
    `besides           ${furtherAnomalies} anomalies that no rule asks for`,
  ].join('\n');
}
