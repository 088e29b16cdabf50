import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';

/** One conformance test, as Jest ran it. */
export interface TestOutcome {
  /** From the project's root. */
  readonly file: string;
  /** Titles of the enclosing blocks, then its own. */
  readonly titles: readonly string[];
  readonly line: number;
  readonly status: 'passed' | 'failed' | 'skipped';
}

interface JestReport {
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly ancestorTitles: readonly string[];
      readonly title: string;
      readonly status: string;
      readonly location?: { readonly line: number } | null;
    }[];
  }[];
}

/** Runs the conformance tests; Jest's own progress goes to standard error. @throws Error when a file cannot be run */
export async function runTests(): Promise<TestOutcome[]> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-conformance-'));
  const outputFile = join(directory, 'results.json');
  const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
  const options = ['--testPathPatterns', 'test/conformance/', '--testLocationInResults', '--json', '--silent'];
  try {
    await new Promise<void>((resolve, reject) => {
      const child = spawn(process.execPath, [jest, ...options, '--outputFile', outputFile], {
        cwd: PROJECT_ROOT,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      child.once('error', reject);
      child.once('exit', () => resolve());
    });
    return outcomes(JSON.parse(readFileSync(outputFile, 'utf8')) as JestReport);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function outcomes(report: JestReport): TestOutcome[] {
  return report.testResults.flatMap(({ assertionResults, message, name }) => {
    if (assertionResults.length === 0) throw new Error(`${name} could not be run: ${message}`);
    return assertionResults.map(({ ancestorTitles, location, status, title }) => ({
      file: relative(PROJECT_ROOT, name),
      titles: [...ancestorTitles, title],
      line: location?.line ?? 0,
      status: status === 'passed' || status === 'failed' ? status : ('skipped' as const),
    }));
  });
}
