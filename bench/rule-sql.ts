import { INGEST_SELECT } from '../contracts/src/ingest.ts';
import { seededEntropy } from '../local-cloud/src/core/entropy.ts';
import { prepareRule } from '../local-cloud/src/rules/index.ts';

interface Options {
  readonly json: boolean;
  /** Length of the whole measurement. @default 6 */
  readonly seconds?: number;
}

interface Candidate {
  readonly name: string;
  readonly sql: string;
  readonly topic: string;
  readonly payload: Buffer;
}

const TELEMETRY = Buffer.from(
  JSON.stringify({
    deviceId: 'pump-0042',
    firmware: '2.7.1',
    status: 'running',
    time: 1767225600123,
    sequence: 48213,
    battery: 87,
    readings: { temperature: 71.35, pressure: 4.182, rpm: 1475, vibration: 0.0213, flow: 12.75 },
    location: { latitude: 52.520008, longitude: 13.404954, altitude: 34.5 },
    tags: ['north', 'line-3', 'critical'],
  }),
);

const HEALTH = Buffer.from(
  JSON.stringify({
    time: 1767225600123,
    bootId: 12,
    sequence: 4821,
    battery: 87.5,
    signal: -67,
    memoryFree: 183_500_800,
    firmware: '2.7.1',
  }),
);

const TOPIC = 'fleetwright-dev/north/pump-station/pump-0042/telemetry';

/** A rule as users write them, one that passes everything on, and the platform's own two. */
const CANDIDATES: readonly Candidate[] = [
  {
    name: 'pick',
    sql:
      'SELECT deviceId, readings.temperature AS temperature, readings.pressure AS pressure, battery, topic(2) AS site, ' +
      "upper(status) AS status, timestamp() AS receivedAt FROM 'fleetwright-dev/+/+/+/telemetry' " +
      "WHERE readings.temperature > 20 AND status <> 'fault'",
    topic: TOPIC,
    payload: TELEMETRY,
  },
  {
    name: 'compute',
    sql:
      'SELECT deviceId, (readings.temperature - 32) * 5 / 9 AS celsius, readings.rpm * readings.flow AS work, ' +
      "CASE status WHEN 'running' THEN 1 ELSE 0 END AS up FROM 'fleetwright-dev/#' WHERE battery < 90",
    topic: TOPIC,
    payload: TELEMETRY,
  },
  {
    name: 'all',
    sql: "SELECT *, topic(4) AS thing FROM 'fleetwright-dev/#' WHERE startswith(firmware, '2.')",
    topic: TOPIC,
    payload: TELEMETRY,
  },
  { name: 'ingest', sql: `${INGEST_SELECT} FROM '${TOPIC}'`, topic: TOPIC, payload: TELEMETRY },
  {
    name: 'health',
    sql:
      'SELECT round(battery * 10) AS battery_permille, round(signal) AS signal_dbm, round(memoryFree) AS memory_free_bytes, ' +
      "firmware, bootId AS boot_id, sequence FROM 'fleetwright-dev/+/+/+/health'",
    topic: 'fleetwright-dev/north/pump-station/pump-0042/health',
    payload: HEALTH,
  },
];

const ROUNDS = 15;
const BATCH = 500;

/** Runs of `work` per second over about `milliseconds`. */
function rate(work: () => void, milliseconds: number): number {
  const start = performance.now();
  let runs = 0;
  let elapsed = 0;
  do {
    for (let index = 0; index < BATCH; index++) work();
    runs += BATCH;
    elapsed = performance.now() - start;
  } while (elapsed < milliseconds);
  return (runs / elapsed) * 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

/** Keeps results alive, so that no loop is optimized away. */
export let sink = 0;

interface RuleResult {
  readonly rule: string;
  readonly payloadBytes: number;
  /** Match, output and its serialization. */
  readonly evaluationsPerSecond: number;
  readonly parsesPerSecond: number;
  readonly ratio: number;
}

function measure(candidate: Candidate, milliseconds: number): RuleResult {
  const { payload, topic } = candidate;
  const evaluate = prepareRule({
    sql: candidate.sql,
    sqlVersion: '2016-03-23',
    accountId: '123456789012',
    entropy: seededEntropy('bench'),
  });
  const message = {
    topic,
    payload,
    clientId: 'pump-0042',
    principal: 'a'.repeat(64),
    timestamp: 1767225600000,
    traceId: '12345678-1234-4234-8234-123456789012',
  };
  const parse = (): void => {
    sink += JSON.parse(payload.toString('utf8')) === null ? 1 : 0;
  };
  const run = (): void => {
    sink += evaluate(message) === undefined ? 1 : 0;
  };
  if (evaluate(message) === undefined) throw new Error(`rule ${candidate.name} does not match its message`);
  const evaluations: number[] = [];
  const parses: number[] = [];
  const slice = milliseconds / (ROUNDS + 2) / 2;
  for (let round = -2; round < ROUNDS; round++) {
    const [a, b] = round % 2 === 0 ? [rate(run, slice), rate(parse, slice)] : [rate(parse, slice), rate(run, slice)];
    if (round < 0) continue;
    evaluations.push(round % 2 === 0 ? a : b);
    parses.push(round % 2 === 0 ? b : a);
  }
  const evaluationsPerSecond = median(evaluations);
  const parsesPerSecond = median(parses);
  return {
    rule: candidate.name,
    payloadBytes: payload.length,
    evaluationsPerSecond: Math.round(evaluationsPerSecond),
    parsesPerSecond: Math.round(parsesPerSecond),
    ratio: round3(evaluationsPerSecond / parsesPerSecond),
  };
}

function round3(value: number): number {
  return Math.round(value * 1000) / 1000;
}

/**
 * Evaluations of rule SQL per second, each from the message's bytes to the text an action sends, against `JSON.parse`
 * of the same bytes alone. Both run in alternating rounds of this process; rates are medians of the rounds.
 */
export async function run(options: Options): Promise<object> {
  const milliseconds = ((options.seconds ?? 6) * 1000) / CANDIDATES.length;
  const rules = CANDIDATES.map((candidate) => measure(candidate, milliseconds));
  const seconds = (pick: (rule: RuleResult) => number): number => rules.reduce((sum, rule) => sum + 1 / pick(rule), 0);
  const evaluation = seconds((rule) => rule.evaluationsPerSecond);
  const parse = seconds((rule) => rule.parsesPerSecond);
  const result = {
    compared:
      'one evaluation of each rule, from payload bytes to the text its actions send (FROM aside), against JSON.parse of the same payload bytes',
    evaluationsPerSecond: Math.round(rules.length / evaluation),
    parsesPerSecond: Math.round(rules.length / parse),
    ratio: round3(parse / evaluation),
    lowestRatio: Math.min(...rules.map(({ ratio }) => ratio)),
    rules,
  };
  if (!options.json) {
    for (const rule of rules) {
      process.stdout.write(
        `${rule.rule.padEnd(8)} ${String(rule.payloadBytes).padStart(4)} B  ${String(rule.evaluationsPerSecond).padStart(9)} evaluations/s  ${String(rule.parsesPerSecond).padStart(9)} parses/s  ${rule.ratio.toFixed(2)}\n`,
      );
    }
    process.stdout.write(`all      ${result.ratio.toFixed(2)} of JSON.parse alone (${result.compared})\n`);
  }
  return result;
}
