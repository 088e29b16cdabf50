import { processUsage } from '../load/process-usage.ts';
import { runLoad } from '../load/run-load.ts';
import { type LoadShape, round } from './measure-peer.ts';
import type { PlatformUnderTest } from './platform-under-test.ts';

export interface PlatformFigures {
  /** Messages a second from the first publish until the last row was queryable. */
  readonly messagesPerSecond: number;
  readonly samplesPerSecond: number;
  /** Messages a second from the first publish to the last PUBACK. */
  readonly acknowledgedPerSecond: number;
  readonly acknowledgeP50Ms: number;
  readonly acknowledgeP99Ms: number;
  /** From the publish to the first query that finds the row, by polling: an upper bound. */
  readonly queryableP50Ms: number;
  readonly queryableP99Ms: number;
  /** Broker, rules, queue, store, front door and the functions' processes together. */
  readonly cpuMicrosecondsPerMessage: number;
  readonly cpuMicrosecondsPerSample: number;
  readonly residentMegabytes: number;
  readonly lambdaInvocations: number;
  readonly iamEvaluations: number;
  readonly httpRequests: number;
  readonly deadLetters: number;
}

const POLL = 100;
const SETTLE_POLL = 25;
const SETTLE_TIMEOUT = 120_000;

let bootId = 1;

/** Publishes through the whole path and waits until each row is found by a query. @throws Error when rows are missing */
export async function measurePlatform(platform: PlatformUnderTest, load: LoadShape): Promise<PlatformFigures> {
  bootId++;
  const pid = platform.description.pid;
  const metersBefore = await platform.meters();
  const ledgerBefore = await platform.ledger.read();
  const usageBefore = processUsage(pid);
  const sightings: { at: number; highest: Map<string, number> }[] = [];
  const watching = { on: true };
  const watch = (async () => {
    while (watching.on) {
      const highest = await highestSequences(platform, bootId);
      sightings.push({ at: Date.now(), highest });
      await new Promise((resolve) => setTimeout(resolve, POLL));
    }
  })();
  const result = await runLoad(load.kind, {
    host: platform.description.mqttHost,
    port: platform.description.mqttPort,
    caFile: platform.description.caFile,
    window: load.window,
    seconds: load.seconds,
    samplesPerMessage: load.samplesPerMessage,
    clients: platform.devices.map((device) => ({ ...device, bootId })),
  });
  const firstPublish = Math.min(...result.publishedAt.map(([first]) => first ?? Number.POSITIVE_INFINITY));
  const deadline = Date.now() + SETTLE_TIMEOUT;
  let rows = 0;
  while (rows < result.samples && Date.now() < deadline) {
    // Asked without a pause, the counting would take from what it waits for.
    await new Promise((resolve) => setTimeout(resolve, SETTLE_POLL));
    rows = (await platform.ledger.telemetryRows()) - ledgerBefore.telemetryRows;
  }
  const lastQueryable = Date.now();
  watching.on = false;
  await watch;
  const after = await platform.ledger.read();
  if (rows < result.samples)
    throw new Error(`${result.samples - rows} of ${result.samples} acknowledged samples are missing`);
  const usage = processUsage(pid);
  const meters = await platform.meters();
  const grown = (name: keyof typeof meters): number => (meters[name] ?? 0) - (metersBefore[name] ?? 0);
  const cpu = usage.cpuMicroseconds - usageBefore.cpuMicroseconds;
  const elapsed = lastQueryable - firstPublish;
  const lags = queryableLags(platform, result.publishedAt, sightings, lastQueryable);
  return {
    messagesPerSecond: Math.round((result.messages * 1000) / elapsed),
    samplesPerSecond: Math.round((result.samples * 1000) / elapsed),
    acknowledgedPerSecond: Math.round((result.messages * 1000) / result.elapsedMs),
    acknowledgeP50Ms: result.acknowledgeP50Ms,
    acknowledgeP99Ms: result.acknowledgeP99Ms,
    queryableP50Ms: lags[Math.floor(lags.length * 0.5)] ?? 0,
    queryableP99Ms: lags[Math.floor(lags.length * 0.99)] ?? 0,
    cpuMicrosecondsPerMessage: round(cpu / result.messages),
    cpuMicrosecondsPerSample: round(cpu / result.samples),
    residentMegabytes: Math.round(usage.residentBytes / 1_048_576),
    lambdaInvocations: grown('lambda.invocations'),
    iamEvaluations: grown('iam.evaluations'),
    httpRequests: grown('http.requests'),
    deadLetters: after.deadLetters - ledgerBefore.deadLetters,
  };
}

async function highestSequences(platform: PlatformUnderTest, boot: number): Promise<Map<string, number>> {
  // Before the first row the table has no such columns.
  const { rows } = await platform.reader
    .query(
      `SELECT thing_name, max(sequence) FROM ${platform.telemetryTable} WHERE boot_id = ${boot} GROUP BY thing_name`,
    )
    .catch(() => ({ rows: [] }));
  return new Map(rows.map(([thing, sequence]) => [String(thing), Number(sequence)]));
}

/** Sorted lags in ms. A message counts as queryable at the first sighting of its own or a later sequence. */
function queryableLags(
  platform: PlatformUnderTest,
  publishedAt: readonly (readonly number[])[],
  sightings: readonly { at: number; highest: ReadonlyMap<string, number> }[],
  last: number,
): number[] {
  const lags: number[] = [];
  publishedAt.forEach((times, client) => {
    const thing = platform.devices[client]?.clientId ?? '';
    let sequence = 0;
    for (const { at, highest } of [...sightings, { at: last, highest: new Map([[thing, times.length]]) }]) {
      const seen = Math.min(highest.get(thing) ?? 0, times.length);
      for (; sequence < seen; sequence++) lags.push(at - (times[sequence] as number));
    }
  });
  return lags.sort((a, b) => a - b);
}
