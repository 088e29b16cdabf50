export interface ResultTable {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | null)[])[];
}

/** Aligned columns with a header, for a terminal. NULL shows as `-`. */
export function formatTable({ columns, rows }: ResultTable): string {
  const cells = [columns, ...rows.map((row) => row.map((cell) => cell ?? '-'))];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => (row[at] as string).length)));
  const numeric = columns.map((_, at) => rows.length > 0 && rows.every((row) => isNumber(row[at] ?? null)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => (numeric[at] ? cell.padStart(widths[at] as number) : cell.padEnd(widths[at] as number)))
      .join('  ')
      .trimEnd();
  const [header, ...body] = cells as string[][];
  return [line(header as string[]), widths.map((width) => '─'.repeat(width)).join('  '), ...body.map(line)].join('\n');
}

/** RFC 4180, with a header line. NULL is an empty field. */
export function formatCsv({ columns, rows }: ResultTable): string {
  const quote = (cell: string | null): string => {
    if (cell === null) return '';
    return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  };
  return [columns, ...rows].map((row) => row.map(quote).join(',')).join('\r\n');
}

function isNumber(cell: string | null): boolean {
  return cell === null || /^-?\d+(\.\d+)?([eE][-+]?\d+)?$/.test(cell);
}
