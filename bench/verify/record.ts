import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import { group, PARTS, type PartName, type PartResult } from './part.ts';

const FILE = join(PROJECT_ROOT, 'docs/verification.md');

const INTRODUCTION = `# Verification

What \`npm run verify\` found when it last ran in full: rubbish on every way in, a \`kill -9\` again and again, a fleet
under load, and the queue of devices under \`kill -9\`. The command writes this page; a part that was not run keeps its figures. It exits with 1 when an invariant is
broken. \`npm run verify -- --only fuzz --seed 1\` makes one part again; the tests run a sample of each.
`;

/** Circumstances under which figures came about. */
interface Circumstances {
  readonly commit: string;
  readonly node: string;
  readonly date: string;
  readonly machine: string;
}

/** Writes the results into docs/verification.md, each part in its own section. */
export function record(results: readonly PartResult[], now: Date): string {
  const known = existsSync(FILE) ? sections(readFileSync(FILE, 'utf8')) : new Map<PartName, string>();
  const circumstances: Circumstances = {
    commit: commitId(),
    node: process.version,
    date: now.toISOString().slice(0, 10),
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, ${process.platform}`,
  };
  for (const result of results) known.set(result.part, section(result, circumstances));
  const parts = PARTS.flatMap((part) => known.get(part) ?? []);
  writeFileSync(FILE, `${[INTRODUCTION, ...parts].join('\n')}`);
  return FILE;
}

function section(result: PartResult, circumstances: Circumstances): string {
  const { figures, invariants, part, seconds, seed, tried } = result;
  const table = (head: readonly [string, string], rows: readonly (readonly [string, string])[]): string[] => [
    `| ${head.join(' | ')} |`,
    '|---|---|',
    ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
  ];
  return [
    `## ${part}`,
    '',
    ...tried.map((sentence) => `- ${sentence}`),
    '',
    ...table(
      ['invariant', 'found'],
      invariants.map(({ claim, found, held }) => [claim, `${held ? 'held' : '**broken**'}: ${found}`]),
    ),
    '',
    ...table(
      ['figure', 'value'],
      [
        ...Object.entries(figures).map(([name, value]): [string, string] => [name, group(value)]),
        ['duration, s', group(seconds)],
        ['seed', String(seed)],
        ['commit', circumstances.commit],
        ['Node.js', circumstances.node],
        ['date', circumstances.date],
        ['machine', circumstances.machine],
      ],
    ),
    '',
  ].join('\n');
}

/** Sections of an earlier page, by part. */
function sections(page: string): Map<PartName, string> {
  const found = new Map<PartName, string>();
  for (const piece of page.split(/^(?=## )/m)) {
    const name = PARTS.find((part) => piece.startsWith(`## ${part}\n`));
    if (name !== undefined) found.set(name, `${piece.trimEnd()}\n`);
  }
  return found;
}

/** One line, without what would end a cell, and no longer than a reader bears. */
function cell(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  return line.length > 400 ? `${line.slice(0, 400)}…` : line;
}

/** The commit that was verified; `+` says that the work tree held changes to what is verified. */
function commitId(): string {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: PROJECT_ROOT, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!docs') !== '';
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed ? '+' : ''}`;
  } catch {
    return 'unknown';
  }
}
