/** A statement or template that cannot be used, with the place in its text. */
export class SqlError extends Error {
  override readonly name = 'SqlError';
  /** Offset in the text, from 0. */
  readonly offset: number;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;

  constructor(problem: string, text: string, offset: number) {
    const before = text.slice(0, offset).split('\n');
    const line = before.length;
    const column = (before.at(-1) as string).length + 1;
    super(`${problem} at line ${line}, column ${column}`);
    this.offset = offset;
    this.line = line;
    this.column = column;
  }
}
