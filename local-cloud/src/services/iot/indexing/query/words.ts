/** What `Character.isWhitespace` of Java says: the guide's separator of words (`query-syntax`, "Notes"). */
const SEPARATORS = String.fromCharCode(0x1c, 0x1d, 0x1e, 0x1f);
const WHITESPACE = new RegExp(
  `[\\t-\\r${SEPARATORS} \\u1680\\u2000-\\u2006\\u2008-\\u200a\\u2028\\u2029\\u205f\\u3000]+`,
);

export function isWhitespace(character: string): boolean {
  return WHITESPACE.test(character);
}

/** Words of a text, in lower case: "Search is case insensitive." */
export function wordsOf(text: string): string[] {
  const lower = text.toLowerCase();
  return WHITESPACE.test(lower) ? lower.split(WHITESPACE).filter((word) => word !== '') : [lower];
}

const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;

/**
 * The number that a text literally is in JSON: "an integer in the range -2^53...2^53-1, a double-precision floating
 * point with optional exponential notation" (developer guide, `managing-index`, "Numeric values").
 */
export function numberIn(text: string): number | undefined {
  if (!JSON_NUMBER.test(text)) return undefined;
  return indexableNumber(Number(text), /^-?\d+$/.test(text));
}

export function indexableNumber(value: number, integer = Number.isInteger(value)): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  if (integer && (value < -(2 ** 53) || value > 2 ** 53 - 1)) return undefined;
  return value;
}
