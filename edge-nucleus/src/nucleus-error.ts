export type NucleusErrorCode =
  | 'RECIPE_INVALID'
  /** No manifest of a recipe fits this core. */
  | 'NO_MANIFEST'
  /** Components that need what is not there, or each other. */
  | 'DEPENDENCY_UNMET'
  /** An artifact is missing, or is not what its digest says. */
  | 'ARTIFACT_INVALID'
  /** A recipe variable or a configuration that cannot be. */
  | 'CONFIGURATION_INVALID'
  | 'COMPONENT_UNKNOWN'
  | 'DEPLOYMENT_INVALID'
  /** A component refused its configuration, or did not come up. */
  | 'DEPLOYMENT_FAILED'
  /** The policy or role of the core does not allow it. */
  | 'NOT_ALLOWED'
  /** Another nucleus has the directory. */
  | 'LOCKED'
  | 'STATE_UNUSABLE'
  | 'STOPPED';

export class NucleusError extends Error {
  override readonly name = 'NucleusError';
  readonly code: NucleusErrorCode;

  constructor(code: NucleusErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
