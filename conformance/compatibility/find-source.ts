/** Where an expected value comes from, as the comments of its test say. */
export interface Source {
  readonly kind: 'documented' | 'assumed' | 'unsourced';
  readonly text: string;
}

const UNSOURCED: Source = { kind: 'unsourced', text: '' };
const MARK = /^\s*(?:\/\/|\/?\*+)\s*(sources?|assumed):\s*(.*?)(?:\s*\*\/)?$/i;
const COMMENT = /^\s*(?:\/\/|\/\*|\*)/;
const BLOCK_START = /^(\s*)(?:describe|test|it)\b/;
/** A head comment without a mark counts when it names where its expectations come from. */
const REFERENCE =
  /(developer guide|user guide|API reference|general reference|service authorization|template reference|documentation|MQTT (?:3|5)|RFC \d|quotas page|smithy\.io)/i;

/**
 * The source of the test at `line` (from 1): the mark directly above it, else above a block around it, else of the
 * whole file, at its top.
 */
export function findSource(lines: readonly string[], line: number): Source {
  let indent = Number.POSITIVE_INFINITY;
  for (let index = line - 1; index >= 0; index--) {
    const start = BLOCK_START.exec(lines[index] ?? '');
    const depth = start?.[1]?.length;
    if (depth === undefined || depth >= indent) continue;
    indent = depth;
    const above = commentAbove(lines, index);
    const found = marked(above) ?? referring(above);
    if (found !== undefined) return found;
  }
  return (
    marked(lines.filter((text) => COMMENT.test(text)).slice(0, headEnd(lines))) ?? referring(head(lines)) ?? UNSOURCED
  );
}

function commentAbove(lines: readonly string[], index: number): string[] {
  const comment: string[] = [];
  for (let at = index - 1; at >= 0 && COMMENT.test(lines[at] ?? ''); at--) comment.unshift(lines[at] as string);
  return comment;
}

/** Comments before the first block of the file. */
function head(lines: readonly string[]): string[] {
  const first = lines.findIndex((text) => BLOCK_START.test(text));
  return lines.slice(0, first < 0 ? lines.length : first).filter((text) => COMMENT.test(text));
}

function headEnd(lines: readonly string[]): number {
  return head(lines).length;
}

function marked(comment: readonly string[]): Source | undefined {
  for (const [index, text] of comment.entries()) {
    const mark = MARK.exec(text);
    if (mark === null) continue;
    const rest = comment
      .slice(index + 1)
      .map(plain)
      .filter((line) => line !== '');
    const kind = mark[1]?.toLowerCase() === 'assumed' ? 'assumed' : 'documented';
    return { kind, text: [mark[2] ?? '', ...rest].join(' ').trim() };
  }
  return undefined;
}

function referring(comment: readonly string[]): Source | undefined {
  const text = comment.map(plain).join(' ').trim();
  return REFERENCE.test(text) ? { kind: 'documented', text } : undefined;
}

function plain(line: string): string {
  return line
    .replace(/^\s*(?:\/\/+|\/?\*+\/?)\s?/, '')
    .replace(/\s*\*\/\s*$/, '')
    .trim();
}
