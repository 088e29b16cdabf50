import { compileMeasures } from '../../lambdas/ingest-telemetry/compile-measures.ts';
import { ingestBatch } from '../../lambdas/ingest-telemetry/ingest-batch.ts';
import { timestreamSink } from '../../lambdas/ingest-telemetry/sample-sink.ts';
import { fromThing, NOW, queueMessage } from '../../lambdas/ingest-telemetry/testing/queue-messages.ts';

const MESSAGES = 1_000;
const ROUNDS = 15;
const SETTINGS = {
  topicRoot: 'fleetwright-dev',
  memoryHours: 168,
  magneticDays: 365,
  lateAfterSeconds: 300,
  strictChannels: new Set<string>(),
  measures: compileMeasures({
    'pump-station': {
      unknown: 'accept',
      measures: { temperature: { type: 'number', min: -60, max: 200, required: true } },
    },
  }),
  maxOfflineHours: 72,
};

export interface IngestPath {
  readonly samplesPerMessage: number;
  /** µs a sample, from an SQS record to what the store is given */
  readonly microseconds: number;
  /** µs a sample, for `JSON.parse` of the record and of the device's payload in it */
  readonly parseMicroseconds: number;
  readonly ratio: number;
}

/**
 * CPU of the ingest function's own code for a batch: reading, validating, telling duplicates, building records. The calls of
 * the store and of the queue are left out; `npm run bench -- ingest` has them in it.
 */
export async function measureIngestPath(samplesPerMessage: number): Promise<IngestPath> {
  const values = { temperature: 71.35, pressure: 4.182, rpm: 1475, vibration: 0.0213, battery: 87, signal: -67 };
  const records = Array.from({ length: MESSAGES }, (_, index) => {
    const samples = Array.from({ length: samplesPerMessage }, (__, each) => ({ time: NOW - 1_000 - each, values }));
    const thing = `fleetwright-dev-pump-station-PS-${index % 10}`;
    return queueMessage({ version: 1, bootId: 1, sequence: index + 1, samples }, fromThing(thing));
  });
  const ports = {
    now: () => NOW,
    random: Math.random,
    pause: async () => {},
    remaining: () => 30_000,
    sinks: [timestreamSink({ write: async () => {} }, 8)],
    letters: { send: async () => [] },
    sequences: { claim: async () => [] },
  };
  const path: number[] = [];
  const parse: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const began = process.cpuUsage();
    const report = await ingestBatch(records, SETTINGS, ports as never);
    path.push(used(began));
    if (report.samplesStored !== MESSAGES * samplesPerMessage) throw new Error('the batch was not taken in whole');
    const parsing = process.cpuUsage();
    for (const { body } of records) {
      const { payload } = JSON.parse(body) as { payload: string };
      JSON.parse(Buffer.from(payload, 'base64').toString('utf8'));
    }
    parse.push(used(parsing));
  }
  const each = (figures: number[]): number => median(figures) / (MESSAGES * samplesPerMessage);
  const microseconds = each(path);
  const parseMicroseconds = each(parse);
  return { samplesPerMessage, microseconds, parseMicroseconds, ratio: microseconds / parseMicroseconds };
}

function used(since: NodeJS.CpuUsage): number {
  const { system, user } = process.cpuUsage(since);
  return system + user;
}

export function median(figures: readonly number[]): number {
  return [...figures].sort((left, right) => left - right)[Math.floor(figures.length / 2)] ?? Number.NaN;
}
