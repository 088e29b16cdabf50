import { validationError } from './faults.ts';

/**
 * Collects violations of the service model's constraints and throws them together, worded as AWS's request
 * validation words them: `1 validation error detected: Value 'X' at 'records.1.member.timeUnit' failed to …`.
 * Members of lists are counted from 1.
 */
export class Constraints {
  readonly #violations: string[] = [];

  fail(value: unknown, path: string, requirement: string): void {
    const shown = value === undefined || value === null ? 'null' : String(value);
    this.#violations.push(`Value '${shown}' at '${path}' failed to satisfy constraint: Member must ${requirement}`);
  }

  required(value: unknown, path: string): boolean {
    if (value !== undefined && value !== null) return true;
    this.fail(value, path, 'not be null');
    return false;
  }

  /** Length in characters, as the model counts it. Absent values pass. */
  length(value: string | undefined, path: string, min: number, max: number): void {
    if (value === undefined) return;
    if (value.length < min) this.fail(value, path, `have length greater than or equal to ${min}`);
    if (value.length > max) this.fail(value, path, `have length less than or equal to ${max}`);
  }

  pattern(value: string | undefined, path: string, pattern: RegExp): void {
    if (value !== undefined && !pattern.test(value)) {
      this.fail(value, path, `satisfy regular expression pattern: ${pattern.source.replace(/^\^|\$$/g, '')}`);
    }
  }

  oneOf(value: string | undefined, path: string, allowed: readonly string[]): void {
    if (value !== undefined && !allowed.includes(value)) {
      this.fail(value, path, `satisfy enum value set: [${allowed.join(', ')}]`);
    }
  }

  range(value: number | undefined, path: string, min: number, max: number): void {
    if (value === undefined) return;
    if (!(value >= min)) this.fail(value, path, `have value greater than or equal to ${min}`);
    else if (!(value <= max)) this.fail(value, path, `have value less than or equal to ${max}`);
  }

  /** @throws AwsError `ValidationException` naming every violation */
  check(): void {
    const count = this.#violations.length;
    if (count === 0) return;
    const plural = count === 1 ? 'error' : 'errors';
    throw validationError(`${count} validation ${plural} detected: ${this.#violations.join('; ')}`);
  }
}
