import type { BehaviourResult } from '../account/run-account.ts';
import type { BehaviourRow } from './behaviour-rows.ts';
import type { ApiCoverage } from './cloud-coverage.ts';

export interface Conformance {
  readonly rows: readonly BehaviourRow[];
  readonly account: readonly BehaviourResult[];
  readonly apis: readonly ApiCoverage[];
}

export interface ConformanceCounts {
  /** Behaviours with a source that were seen. */
  readonly documented: number;
  /** Behaviours without a document, refused or assumed: they do not count as conformance. */
  readonly assumed: number;
  /** Behaviours of the project's own, such as surviving a kill. */
  readonly own: number;
  readonly failed: number;
  readonly operationsBuilt: number;
  readonly operationsRefused: number;
}

export function countsOf({ account, apis, rows }: Conformance): ConformanceCounts {
  const seen = rows.filter(({ status }) => status === 'passed');
  const kind = (wanted: BehaviourRow['source']['kind']) => seen.filter(({ source }) => source.kind === wanted).length;
  return {
    documented: kind('documented') + account.filter(({ passed }) => passed).length,
    assumed: kind('assumed'),
    own: kind('unsourced'),
    failed: rows.filter(({ status }) => status === 'failed').length + account.filter(({ passed }) => !passed).length,
    operationsBuilt: apis.reduce((sum, { built }) => sum + built.length, 0),
    operationsRefused: apis.reduce((sum, { refused }) => sum + refused.length, 0),
  };
}

/** docs/compatibility.md */
export function compatibilityPage(conformance: Conformance): string {
  const counts = countsOf(conformance);
  return [
    '# Compatibility',
    '',
    'What the local cloud does as AWS does, and where that is written. `npm run conformance` runs the tests and writes this',
    'page; nobody edits it. A row is a behaviour that a test shows. *Assumed* rows have no document: there the refusing',
    'behaviour was chosen, and they do not count as conformance. Rows marked *own* are promises of this project.',
    '',
    `- ${counts.documented} documented behaviours checked, ${counts.assumed} assumed, ${counts.own} own, ${counts.failed} failing`,
    `- ${counts.operationsBuilt} operations of ${conformance.apis.length} APIs are built; the other ${counts.operationsRefused} answer 501 and their name`,
    '',
    '## On any account',
    '',
    'The same checks run against a real account: `REMOTE=1 npm run conformance`, with credentials of the ordinary chain.',
    '',
    ...table(
      ['behaviour', 'source', 'checked'],
      conformance.account.map(({ passed, source, title }) => [title, source, passed ? 'yes' : '**fails**']),
    ),
    '',
    ...areas(conformance.rows),
    '## Operations',
    '',
    ...table(
      ['API', 'built', 'refused', 'built operations'],
      conformance.apis.map(({ built, refused, service }) => [
        service,
        String(built.length),
        String(refused.length),
        built.join(', '),
      ]),
    ),
    '',
    'Refused by name:',
    '',
    ...conformance.apis
      .filter(({ refused }) => refused.length > 0)
      .map(({ refused, service }) => `- **${service}**: ${refused.join(', ')}`),
    '',
  ].join('\n');
}

function areas(rows: readonly BehaviourRow[]): string[] {
  const names = [...new Set(rows.map(({ area }) => area))].sort();
  return names.flatMap((name) => [
    `## ${name}`,
    '',
    ...table(
      ['behaviour', 'source', 'checked'],
      rows.filter(({ area }) => area === name).map((row) => [withCases(row), sourceOf(row), checkedOf(row)]),
    ),
    '',
  ]);
}

function withCases({ behaviour, cases }: BehaviourRow): string {
  return cases === 1 ? behaviour : `${behaviour} (${cases} cases)`;
}

function sourceOf({ source }: BehaviourRow): string {
  if (source.kind === 'unsourced') return 'own';
  return source.kind === 'assumed' ? `*assumed*: ${source.text}` : source.text;
}

function checkedOf({ status }: BehaviourRow): string {
  return status === 'passed' ? 'yes' : status === 'failed' ? '**fails**' : 'no';
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** Markdown takes a bar for the end of a cell. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|').replace(/\s+/g, ' ').trim();
}
