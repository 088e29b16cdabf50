#!/usr/bin/env node
/**
 * Reads what Jest has written with --json.
 *   test-results.mjs failed RESULTS           paths of the files that failed, a line each
 *   test-results.mjs count RESULTS [SECOND]   "passed failed", each file as it was in its last run
 */
import { readFileSync } from 'node:fs';

function filesOf(path) {
  let text;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return new Map();
  }
  if (text === '') return new Map();
  return new Map(
    JSON.parse(text).testResults.map(({ assertionResults, name, status }) => {
      const count = (wanted) => assertionResults.filter((test) => test.status === wanted).length;
      // A file that could not be run has no tests that could fail.
      return [name, { passed: count('passed'), failed: Math.max(count('failed'), status === 'failed' ? 1 : 0) }];
    }),
  );
}

const [what, results, second] = process.argv.slice(2);
const first = filesOf(results);
if (what === 'failed') {
  for (const [name, { failed }] of first) if (failed > 0) console.log(name);
} else {
  const files = new Map([...first, ...(second === undefined ? [] : filesOf(second))]);
  const sum = (of) => [...files.values()].reduce((total, file) => total + file[of], 0);
  // No results at all are a failure of their own.
  console.log(sum('passed'), files.size === 0 ? 1 : sum('failed'));
}
