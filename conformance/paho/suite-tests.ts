import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A test of the suites. */
export interface SuiteTest {
  /** Module of the suite: `client_test` speaks MQTT 3.1.1, `client_test5` MQTT 5. */
  readonly suite: string;
  readonly name: string;
}

export interface TestRun {
  readonly passed: boolean;
  /** The last lines that the test printed, when it failed. */
  readonly detail: string;
  readonly seconds: number;
}

const SUITES: readonly string[] = ['client_test', 'client_test5'];
const DRIVER = fileURLToPath(new URL('./run_one.py', import.meta.url));
/** Some tests of the suite wait for ever for what does not come. ms */
const TEST_TIMEOUT = 60_000;
const DETAIL_LINES = 3;

/** @throws Error when the directory holds no suite or Python is missing */
export async function listTests(directory: string): Promise<SuiteTest[]> {
  if (!existsSync(join(directory, 'interoperability', 'client_test5.py'))) {
    throw new Error(`${directory} is no checkout of eclipse/paho.mqtt.testing`);
  }
  const tests: SuiteTest[] = [];
  for (const suite of SUITES) {
    const { code, stdout, stderr } = await python([directory, suite, 'list']);
    if (code !== 0) throw new Error(`python3 cannot load ${suite}: ${lastLines(stderr)}`);
    for (const name of JSON.parse(stdout) as string[]) tests.push({ suite, name });
  }
  return tests;
}

/** One process a test: the suites keep state between tests. */
export async function runTest(directory: string, port: number, { suite, name }: SuiteTest): Promise<TestRun> {
  const started = performance.now();
  const { code, stderr, killed } = await python([directory, suite, String(port), name]);
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  if (code === 0) return { passed: true, detail: '', seconds };
  return { passed: false, detail: killed ? 'did not end' : lastLines(stderr), seconds };
}

function python(args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string; killed: boolean }>((resolve, reject) => {
    execFile(
      'python3',
      [DRIVER, ...args],
      { timeout: TEST_TIMEOUT, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error !== null && (error as NodeJS.ErrnoException).code === 'ENOENT') {
          reject(new Error('python3 is not installed'));
          return;
        }
        resolve({ code: error === null ? 0 : 1, stdout, stderr, killed: error?.killed === true });
      },
    );
  });
}

/** The errors of a trace, without its frames. */
function lastLines(text: string): string {
  const telling = text.split('\n').filter((line) => /^\w*(Error|Exception|timeout)\b/.test(line.trim()));
  return [...new Set(telling)].slice(0, DETAIL_LINES).join(' | ');
}
