/** What came over the wire does not fit the operation's schema, or (as an internal fault) what a handler gave does not. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
  /** Members from the outside in. */
  readonly path: (string | number)[] = [];

  /** Called while unwinding, from the inside out. */
  within(member: string | number): this {
    this.path.unshift(member);
    return this;
  }

  describe(): string {
    const place = this.path
      .map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`))
      .join('');
    return place === '' ? this.message : `${this.message} at ${place}`;
  }
}

/** The names that AWS's serializers give to JSON types. */
export function wireTypeOf(value: unknown): string {
  if (value === null) return 'NULL_VALUE';
  if (Array.isArray(value)) return 'LIST_VALUE';
  switch (typeof value) {
    case 'string':
      return 'STRING_VALUE';
    case 'number':
    case 'bigint':
      return 'NUMBER_VALUE';
    case 'boolean':
      return value ? 'TRUE_VALUE' : 'FALSE_VALUE';
    default:
      return 'STRUCTURE_VALUE';
  }
}

export function mismatch(value: unknown, expected: string): ShapeError {
  return new ShapeError(`${wireTypeOf(value)} can not be converted to ${expected}`);
}
