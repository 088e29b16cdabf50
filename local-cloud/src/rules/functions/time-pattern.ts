/** A piece of a date/time pattern: letters of one kind, or text that stands for itself. */
export type PatternPiece =
  | { readonly kind: 'letters'; readonly letter: string; readonly count: number }
  | { readonly kind: 'text'; readonly text: string };

/** What is wrong with a pattern. */
export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/**
 * Splits a pattern as Joda-Time and java.time do: runs of letters, text in single quotes, `''` for a quote.
 *
 * @throws PatternError for a letter that is not in `letters`, with both formats' other reserved characters
 */
export function splitPattern(pattern: string, letters: string, reserved = ''): PatternPiece[] {
  const pieces: PatternPiece[] = [];
  let position = 0;
  const text = (value: string): void => {
    const last = pieces.at(-1);
    if (last?.kind === 'text') pieces[pieces.length - 1] = { kind: 'text', text: last.text + value };
    else pieces.push({ kind: 'text', text: value });
  };
  while (position < pattern.length) {
    const character = pattern[position] as string;
    if (character === "'") {
      const quoted = /^'((?:[^']|'')*)'/.exec(pattern.slice(position));
      if (quoted === null) throw new PatternError(`pattern "${pattern}" has a quote without an end`);
      text(quoted[0] === "''" ? "'" : (quoted[1] as string).replaceAll("''", "'"));
      position += quoted[0].length;
    } else if (/[A-Za-z]/.test(character)) {
      if (!letters.includes(character)) {
        throw new PatternError(`pattern letter '${character}' of "${pattern}" is not supported by the local cloud`);
      }
      let end = position + 1;
      while (pattern[end] === character) end++;
      pieces.push({ kind: 'letters', letter: character, count: end - position });
      position = end;
    } else {
      if (reserved.includes(character)) {
        throw new PatternError(`'${character}' of pattern "${pattern}" is not supported by the local cloud`);
      }
      text(character);
      position++;
    }
  }
  return pieces;
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const;

/** Sunday first, as `Date` counts. */
export const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

export const DAY_MS = 86_400_000;
