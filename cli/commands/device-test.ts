import { resolve } from 'node:path';
import { DEVICE_TEST_IDS, type DeviceTestOutcome, testDevice } from '../../local-cloud/src/index.ts';
import { Failure } from '../failure.ts';
import { runningCloud } from '../running-cloud.ts';

export interface DeviceTestCommandOptions {
  readonly dataDir: string;
  readonly host: string;
  readonly mqttPort: number;
  /** s */
  readonly timeout: number;
  readonly tests?: string;
  readonly json?: boolean;
}

const MARKS = { PASS: 'pass', PASS_WITH_WARNINGS: 'warn', FAIL: 'FAIL' } as const;

/** `fleetwright device-test`: exits with 1 when a test fails. */
export async function deviceTest(options: DeviceTestCommandOptions): Promise<void> {
  const tests = options.tests?.split(',').map((id) => id.trim());
  const unknown = tests?.find((id) => !DEVICE_TEST_IDS.includes(id));
  if (unknown !== undefined) {
    throw new Failure(`there is no test ${unknown}. Tests are: ${DEVICE_TEST_IDS.join(', ')}`);
  }
  // The device trusts the CA of the cloud that runs; the test endpoint presents certificates of it.
  runningCloud(options.dataDir);
  const outcomes = await testDevice({
    dataDirectory: resolve(options.dataDir),
    host: options.host,
    port: options.mqttPort,
    timeout: options.timeout * 1000,
    ...(tests === undefined ? {} : { tests }),
    onListening: (port) => say(`point the device at localhost:${port}; it must connect again whenever it is cut off`),
    onStart: (id) => say(`     ${id} …`),
    onResult: (outcome) => say(describe(outcome)),
  });
  const failed = outcomes.filter(({ result }) => result === 'FAIL').length;
  if (options.json === true) {
    const count = (result: DeviceTestOutcome['result']): number =>
      outcomes.filter((outcome) => outcome.result === result).length;
    const summary = { passed: count('PASS'), warnings: count('PASS_WITH_WARNINGS'), failed, tests: outcomes };
    process.stdout.write(`${JSON.stringify(summary)}\n`);
  }
  if (failed > 0) process.exitCode = 1;
}

function describe({ id, result, reason, duration }: DeviceTestOutcome): string {
  return `${MARKS[result]} ${id} (${(duration / 1000).toFixed(1)} s): ${reason}`;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
