import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { runAccount } from '../account/run-account.ts';
import { behaviourRows } from './behaviour-rows.ts';
import { cloudCoverage } from './cloud-coverage.ts';
import { localServicesPage } from './local-services-page.ts';
import { compatibilityPage, countsOf } from './page.ts';
import { runTests } from './run-tests.ts';

const PAGE = 'docs/compatibility.md';
const SERVICES_PAGE = 'docs/local-services.md';

/**
 * Runs every conformance test and the behaviours of an account, and writes the page of what was seen. With `REMOTE=1`
 * only the behaviours run, against the account of the environment's credentials.
 *
 * @returns the exit code
 */
export async function run(args: readonly string[]): Promise<number> {
  const json = args.includes('--json');
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const remote = process.env.REMOTE === '1';
  const account = await runAccount(remote, say);
  if (remote) return summarize({ passed: count(account, true), failed: count(account, false) }, json);
  say('conformance tests');
  const { apis, resourceTypes } = await cloudCoverage();
  writeFileSync(join(PROJECT_ROOT, SERVICES_PAGE), localServicesPage(resourceTypes));
  const conformance = { account, rows: behaviourRows(await runTests()), apis };
  writeFileSync(join(PROJECT_ROOT, PAGE), compatibilityPage(conformance));
  say(`written to ${PAGE} and ${SERVICES_PAGE}`);
  return summarize(countsOf(conformance), json);
}

function count(results: readonly { passed: boolean }[], passed: boolean): number {
  return results.filter((result) => result.passed === passed).length;
}

function summarize<C extends { readonly failed: number }>(counts: C, json: boolean): number {
  const text = Object.entries(counts).map(([name, value]) => `${name} ${value}`);
  process.stdout.write(json ? `${JSON.stringify(counts)}\n` : `${text.join(', ')}\n`);
  return counts.failed === 0 ? 0 : 1;
}
