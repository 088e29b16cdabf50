import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { findSource, type Source } from './find-source.ts';
import type { TestOutcome } from './run-tests.ts';

/** One row of the page: a behaviour, where it is written, and whether it was seen. */
export interface BehaviourRow {
  readonly area: string;
  readonly behaviour: string;
  readonly source: Source;
  readonly cases: number;
  readonly status: 'passed' | 'failed' | 'skipped';
}

/** Cases of one parameterised test make one row. */
export function behaviourRows(tests: readonly TestOutcome[]): BehaviourRow[] {
  const groups = new Map<string, TestOutcome[]>();
  for (const test of tests) {
    const key = `${test.file}:${test.line}`;
    groups.set(key, [...(groups.get(key) ?? []), test]);
  }
  const files = new Map<string, string[]>();
  return [...groups.values()].map((cases) => {
    const [first] = cases as [TestOutcome];
    const lines = files.get(first.file) ?? readFileSync(join(PROJECT_ROOT, first.file), 'utf8').split('\n');
    files.set(first.file, lines);
    return {
      area: basename(first.file)
        .replace(/\.test\.ts$/, '')
        .replaceAll('-', ' '),
      behaviour: titleOf(cases.map(({ titles }) => titles.join(', '))),
      source: ofTitles(first.titles) ?? findSource(lines, first.line),
      cases: cases.length,
      status: cases.some(({ status }) => status === 'failed')
        ? 'failed'
        : cases.every(({ status }) => status === 'skipped')
          ? 'skipped'
          : 'passed',
    };
  });
}

const CLAUSE = /\[MQTT-[\d.]+-\d+\]/g;
const PAGE = /\(([^()]*(?:\.html|\.md|developer guide|API reference)[^()]*)\)/;

/** Many titles name their clause or page themselves. */
function ofTitles(titles: readonly string[]): Source | undefined {
  const own = titles.at(-1) ?? '';
  const clauses = own.match(CLAUSE);
  if (clauses !== null) return { kind: 'documented', text: `MQTT ${clauses.join(', ')}` };
  for (const title of [...titles].reverse()) {
    const page = PAGE.exec(title)?.[1];
    if (page !== undefined) return { kind: 'documented', text: page };
  }
  return undefined;
}

/** What titles have in common, with `…` where they differ. */
export function titleOf(titles: readonly string[]): string {
  const [first = '', ...others] = titles;
  if (others.every((title) => title === first)) return first;
  let start = 0;
  while (others.every((title) => title[start] === first[start])) start++;
  let end = 0;
  const shortest = Math.min(...titles.map((title) => title.length));
  while (end < shortest - start && others.every((title) => title.at(-1 - end) === first.at(-1 - end))) end++;
  return `${first.slice(0, start)}…${end === 0 ? '' : first.slice(-end)}`;
}
