import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonClient } from './python-client.ts';
import { startTestedNucleus, type TestedNucleus } from './tested-nucleus.ts';

interface Check {
  readonly operation: string;
  /** null: passed */
  readonly problem: string | null;
}

/** ms for all checks */
const TIMEOUT = 120_000;
/** Refused by name, whoever asks. */
const UNSUPPORTED: ReadonlySet<string> = new Set(['ListNamedShadowsForThing']);

/**
 * `npm run conformance -- ipc`: the IPC client of the AWS IoT Device SDK for Python against a nucleus that runs it as a component. The one
 * for Node.js passes the same operations in `edge-nucleus/src/nucleus.ipc.test.ts`.
 * @returns exit code: 1 when a check fails; 0 also when there is no Python or no package index, which it says
 */
export async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-ipc-'));
  let nucleus: TestedNucleus | undefined;
  try {
    const client = await pythonClient(join(directory, 'python'));
    if ('missing' in client) {
      process.stdout.write(`skipped: the Python client needs ${client.missing}\n`);
      return 0;
    }
    mkdirSync(join(directory, 'core'));
    nucleus = await startTestedNucleus(join(directory, 'core'), client.python);
    const checks = await checksOf(nucleus);
    const failed = checks.filter(({ problem }) => problem !== null);
    if (json) process.stdout.write(`${JSON.stringify(checks)}\n`);
    else for (const check of checks) process.stdout.write(`${lineOf(check)}\n`);
    process.stdout.write(`${checks.length - failed.length} passed, ${failed.length} failed\n`);
    return failed.length === 0 ? 0 : 1;
  } finally {
    await nucleus?.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What the client has noted, and what it has not come to. */
async function checksOf(nucleus: TestedNucleus): Promise<Check[]> {
  const deadline = performance.now() + TIMEOUT;
  const noted = (): Check[] =>
    existsSync(nucleus.results)
      ? readFileSync(nucleus.results, 'utf8')
          .split('\n')
          .filter((line) => line !== '')
          .map((line) => JSON.parse(line) as Check)
      : [];
  const missing = (): string[] => {
    const done = new Set(noted().map(({ operation }) => operation));
    return nucleus.operations.filter((operation) => !done.has(operation) && !UNSUPPORTED.has(operation));
  };
  let changed = false;
  while (missing().length > 0 && performance.now() < deadline) {
    if (!changed && existsSync(nucleus.ready)) {
      changed = true;
      await nucleus.change();
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const never = missing().map((operation) => ({ operation, problem: `not checked within ${TIMEOUT / 1_000} s` }));
  return [...noted(), ...never];
}

function lineOf({ operation, problem }: Check): string {
  return problem === null ? `ok    ${operation}` : `FAIL  ${operation}: ${problem}`;
}
