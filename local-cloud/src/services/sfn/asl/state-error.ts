/** An error of a state, that Retry and Catch can name (developer guide, "Handling errors in Step Functions"). */
export class StateError extends Error {
  override readonly name = 'StateError';
  readonly code: string;

  constructor(code: string, cause: string) {
    super(cause);
    this.code = code;
  }

  /** By `ErrorEquals`: by name, or by the reserved names that stand for several. */
  matches(names: readonly string[]): boolean {
    if (names.includes(this.code)) return true;
    // Neither of both stands for what no retry can heal.
    if (this.code === 'States.DataLimitExceeded' || this.code === 'States.Runtime') return false;
    if (names.includes('States.ALL')) return true;
    return names.includes('States.TaskFailed') && this.code !== 'States.Timeout';
  }
}
