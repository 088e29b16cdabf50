import { AwsError } from './errors.ts';

/**
 * Breaches of the constraints that an API's model states (required, length, range, pattern, enumeration),
 * worded as AWS's request validation words them: all of a request in one error.
 */
export class ConstraintViolations {
  readonly #found: string[] = [];

  required(path: string, value: unknown): this {
    if (value === undefined || value === null) this.#add(path, value, 'Member must not be null');
    return this;
  }

  /** Length of text in characters, of a list in members, of bytes in bytes. */
  length(path: string, value: string | readonly unknown[] | Uint8Array | undefined, least: number, most: number): this {
    if (value === undefined) return this;
    if (value.length < least) this.#add(path, value, `Member must have length greater than or equal to ${least}`);
    if (value.length > most) this.#add(path, value, `Member must have length less than or equal to ${most}`);
    return this;
  }

  range(path: string, value: number | undefined, least: number, most: number): this {
    if (value === undefined) return this;
    if (value < least) this.#add(path, value, `Member must have value greater than or equal to ${least}`);
    if (value > most) this.#add(path, value, `Member must have value less than or equal to ${most}`);
    return this;
  }

  /** `pattern` is a regular expression for the whole value, as the API reference prints it. */
  pattern(path: string, value: string | undefined, pattern: string): this {
    if (value !== undefined && !wholeMatch(pattern).test(value)) {
      this.#add(path, value, `Member must satisfy regular expression pattern: ${pattern}`);
    }
    return this;
  }

  oneOf(path: string, value: string | number | undefined, allowed: readonly (string | number)[]): this {
    if (value !== undefined && !allowed.includes(value)) {
      this.#add(path, value, `Member must satisfy enum value set: [${allowed.join(', ')}]`);
    }
    return this;
  }

  /** @throws AwsError with `code` and every breach found so far */
  throwIfAny(code = 'ValidationException'): void {
    if (this.#found.length === 0) return;
    const count = this.#found.length;
    throw new AwsError(code, `${count} validation error${count === 1 ? '' : 's'} detected: ${this.#found.join('; ')}`);
  }

  #add(path: string, value: unknown, constraint: string): void {
    this.#found.push(`Value ${shown(value)} at '${path}' failed to satisfy constraint: ${constraint}`);
  }
}

/** A value as AWS repeats it. Long values are cut, so that a refused payload does not fill a log. */
function shown(value: unknown): string {
  if (value === undefined || value === null) return 'null';
  if (value instanceof Uint8Array) return `'${value.length} bytes'`;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `'${text.length > 1024 ? `${text.slice(0, 1024)}…` : text}'`;
}

const patterns = new Map<string, RegExp>();

function wholeMatch(pattern: string): RegExp {
  let compiled = patterns.get(pattern);
  if (compiled === undefined) {
    compiled = new RegExp(`^(?:${pattern})$`, 'u');
    patterns.set(pattern, compiled);
  }
  return compiled;
}
