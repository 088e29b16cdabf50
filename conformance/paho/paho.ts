import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DEVIATIONS, type Deviation } from './deviations.ts';
import { startPahoCloud } from './paho-cloud.ts';
import { listTests, runTest, type SuiteTest } from './suite-tests.ts';

interface Row extends SuiteTest {
  readonly outcome: 'pass' | 'fail' | 'deviates';
  /** Packets that the bridge sent on with QoS 1 instead of 2. */
  readonly mappedQos2: number;
  readonly seconds: number;
  readonly reason?: string;
  readonly page?: string;
  readonly detail?: string;
}

/**
 * Tests side by side, since they mostly wait. Each has a cloud of its own: they share client ids, and what cleans up
 * between them subscribes with a wildcard to find retained messages, which AWS IoT Core does not send then.
 */
const LANES = 4;

/**
 * Eclipse Paho's interoperability tests (repository eclipse/paho.mqtt.testing) against the local cloud.
 * 0 when every test passes or deviates as listed; 1 for an unlisted failure, and for a listed deviation that passes.
 */
export async function run(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { suite: { type: 'string' }, only: { type: 'string' }, json: { type: 'boolean', default: false } },
  });
  if (values.suite === undefined) {
    process.stderr.write('usage: npm run conformance -- paho --suite DIR [--only NAME] [--json]\n');
    return 2;
  }
  const suite = resolve(values.suite);
  const tests = (await listTests(suite)).filter(({ name }) => values.only === undefined || name === values.only);
  const rows = await runAll(suite, tests);
  for (const row of rows) process.stderr.write(`${describe(row)}\n`);
  const count = (outcome: Row['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  const summary = { tests: rows.length, pass: count('pass'), deviates: count('deviates'), fail: count('fail') };
  process.stderr.write(`${summary.pass} pass, ${summary.deviates} deviate, ${summary.fail} fail of ${summary.tests}\n`);
  if (values.json) process.stdout.write(`${JSON.stringify({ ...summary, rows })}\n`);
  return summary.fail > 0 || rows.length === 0 ? 1 : 0;
}

async function runAll(suite: string, tests: readonly SuiteTest[]): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-paho-'));
  const rows = new Map<SuiteTest, Row>();
  const waiting = [...tests];
  const lane = async (): Promise<void> => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const cloud = await startPahoCloud(join(directory, `${test.suite}-${test.name}`));
      try {
        const { passed, detail, seconds } = await runTest(suite, cloud.port, test);
        rows.set(test, judge(test, passed, detail, { seconds, mappedQos2: cloud.bridge.mapped }));
      } finally {
        await cloud.stop();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: LANES }, lane));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return tests.flatMap((test) => rows.get(test) ?? []);
}

function judge(test: SuiteTest, passed: boolean, detail: string, figures: Pick<Row, 'seconds' | 'mappedQos2'>): Row {
  const listed: Deviation | undefined = DEVIATIONS.find(
    (deviation) => deviation.suite === test.suite && deviation.test === test.name,
  );
  if (passed) {
    if (listed === undefined) return { ...test, ...figures, outcome: 'pass' };
    return { ...test, ...figures, outcome: 'fail', detail: 'passes, though it is listed as a deviation' };
  }
  if (listed === undefined) return { ...test, ...figures, outcome: 'fail', detail };
  return { ...test, ...figures, outcome: 'deviates', reason: listed.reason, page: listed.page, detail };
}

function describe({ suite, name, outcome, mappedQos2, reason, page, detail }: Row): string {
  const head = `${outcome.padEnd(8)} ${suite.padEnd(12)} ${name}${mappedQos2 > 0 ? ' (QoS 2 sent as 1)' : ''}`;
  if (outcome === 'deviates') return `${head}\n           ${reason}\n           ${page}`;
  return outcome === 'fail' ? `${head}\n           ${detail}` : head;
}
