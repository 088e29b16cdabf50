/** A regular expression that Java takes and this engine does not translate. */
export class UnsupportedPattern extends Error {
  override readonly name = 'UnsupportedPattern';
}

const LINE_END = '\\n\\r\\u0085\\u2028\\u2029';
const SPACES = ' \\t\\n\\x0b\\f\\r';

/**
 * Translates a java.util.regex pattern, which is what the rule SQL takes, where both engines can mean the same.
 *
 * @returns undefined for a pattern that Java refuses too
 * @throws UnsupportedPattern for constructs that ECMAScript lacks or reads differently
 */
export function translateJavaPattern(pattern: string): RegExp | undefined {
  const source = new Translation(pattern).run();
  if (source === undefined) return undefined;
  try {
    return new RegExp(source, 'u');
  } catch {
    return undefined;
  }
}

class Translation {
  readonly #pattern: string;
  #position = 0;
  #output = '';

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  run(): string | undefined {
    while (this.#position < this.#pattern.length) {
      if (!this.#step()) return undefined;
    }
    return this.#output;
  }

  #step(): boolean {
    const rest = this.#pattern.slice(this.#position);
    const character = rest[0] as string;
    switch (character) {
      case '\\':
        return this.#escape(false);
      case '[':
        return this.#characterClass();
      case '(':
        return this.#group(rest);
      case '.':
        return this.#emit(`[^${LINE_END}]`, 1);
      case '$':
        return this.#emit(`(?=(?:\\r\\n|[${LINE_END}])?$)`, 1);
      case '*':
      case '+':
      case '?':
        return this.#quantifier(character);
      case '{': {
        const count = /^\{\d+(,\d*)?\}/.exec(rest);
        return count === null ? false : this.#quantifier(count[0]);
      }
      case ']':
      case '}':
        return this.#emit(`\\${character}`, 1);
      default:
        return this.#emit(character, 1);
    }
  }

  #emit(text: string, length: number): boolean {
    this.#output += text;
    this.#position += length;
    return true;
  }

  #quantifier(text: string): boolean {
    this.#emit(text, text.length);
    const next = this.#pattern[this.#position];
    if (next === '+') throw new UnsupportedPattern(`possessive quantifier '${text}+'`);
    return next === '?' ? this.#emit('?', 1) : true;
  }

  #group(rest: string): boolean {
    if (!rest.startsWith('(?')) return this.#emit('(', 1);
    const known = /^\(\?(:|=|!|<=|<!|<[a-zA-Z][a-zA-Z0-9]*>)/.exec(rest);
    if (known === null) throw new UnsupportedPattern(`group '${rest.slice(0, 4)}…'`);
    return this.#emit(known[0], known[0].length);
  }

  #escape(inClass: boolean): boolean {
    const next = this.#pattern[this.#position + 1];
    if (next === undefined) return false;
    if (next === 's') return this.#emit(inClass ? SPACES : `[${SPACES}]`, 2);
    if (next === 'S' && !inClass) return this.#emit(`[^${SPACES}]`, 2);
    if ('dDwWnrtf'.includes(next)) return this.#emit(`\\${next}`, 2);
    if (!inClass && 'bB123456789'.includes(next)) return this.#emit(`\\${next}`, 2);
    const code = /^\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.exec(this.#pattern.slice(this.#position));
    if (code !== null) return this.#emit(code[0], code[0].length);
    if (/[a-zA-Z0-9]/.test(next)) throw new UnsupportedPattern(`escape '\\${next}'`);
    const special = inClass ? '\\]^-[' : '^$\\.*+?()[]{}|/';
    return this.#emit(special.includes(next) ? `\\${next}` : next, 2);
  }

  #characterClass(): boolean {
    this.#emit('[', 1);
    if (this.#pattern[this.#position] === '^') this.#emit('^', 1);
    if (this.#pattern[this.#position] === ']') throw new UnsupportedPattern("']' first in a character class");
    for (;;) {
      const character = this.#pattern[this.#position];
      if (character === undefined) return false;
      if (character === ']') return this.#emit(']', 1);
      if (character === '[') throw new UnsupportedPattern('nested character class');
      if (this.#pattern.startsWith('&&', this.#position)) throw new UnsupportedPattern("'&&' in a character class");
      if (character === '\\') {
        if (!this.#escape(true)) return false;
      } else this.#emit(character, 1);
    }
  }
}

/**
 * Reads a Java replacement text: `$1` and `${name}` are groups, a backslash takes the next character as it is.
 * Undefined for a text that Java refuses.
 */
export function parseReplacement(text: string): ((match: RegExpExecArray) => string | undefined) | undefined {
  const parts: (string | { readonly digits: string })[] = [];
  for (let position = 0; position < text.length; ) {
    const digits = /^\$(\d+)/.exec(text.slice(position))?.[1];
    if (digits !== undefined) {
      parts.push({ digits });
      position += 1 + digits.length;
      continue;
    }
    const character = text[position] as string;
    if (character === '$') return undefined;
    if (character === '\\' && position + 1 === text.length) return undefined;
    parts.push(character === '\\' ? (text[position + 1] as string) : character);
    position += character === '\\' ? 2 : 1;
  }
  return (match) => {
    let replaced = '';
    for (const part of parts) {
      const piece = typeof part === 'string' ? part : groupOf(match, part.digits);
      if (piece === undefined) return undefined;
      replaced += piece;
    }
    return replaced;
  };
}

/** Further digits belong to the group number as long as such a group exists; the rest is text. */
function groupOf(match: RegExpExecArray, digits: string): string | undefined {
  let group = Number(digits[0]);
  if (group >= match.length) return undefined;
  let used = 1;
  while (used < digits.length && group * 10 + Number(digits[used]) < match.length) {
    group = group * 10 + Number(digits[used]);
    used++;
  }
  return (match[group] ?? '') + digits.slice(used);
}
