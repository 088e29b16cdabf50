/** A record of a CSV file with the number of the line it begins on. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

export class CsvError extends Error {
  override readonly name = 'CsvError';
}

/**
 * Reads RFC 4180: cells in quotes may hold commas, line ends and doubled quotes, as PEM text does. Empty lines are skipped.
 * @throws CsvError for a quote that is never closed
 */
export function readCsv(text: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let cell = '';
  let line = 1;
  let begun = 1;
  let quotedAt = 0;
  const endRecord = (): void => {
    cells.push(cell);
    if (cells.length > 1 || cells[0] !== '') records.push({ line: begun, cells });
    cells = [];
    cell = '';
    begun = line;
  };
  const source = text.startsWith('\ufeff') ? text.slice(1) : text;
  for (let at = 0; at < source.length; at++) {
    const character = source[at] as string;
    if (character === '\n') line++;
    if (quotedAt > 0) {
      if (character !== '"') cell += character;
      else if (source[at + 1] === '"') {
        cell += '"';
        at++;
      } else quotedAt = 0;
    } else if (character === '"' && cell === '') quotedAt = line;
    else if (character === ',') {
      cells.push(cell);
      cell = '';
    } else if (character === '\n') endRecord();
    else if (character !== '\r') cell += character;
  }
  if (quotedAt > 0) throw new CsvError(`the quote that opens on line ${quotedAt} is never closed`);
  if (cell !== '' || cells.length > 0) endRecord();
  return records;
}
